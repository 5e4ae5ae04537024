"""The interpreter of the tests against numbers found by hand, NumPy, and other number systems."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from interpreter import evaluate, hessian, jacobian
from interpreter_arrays import FUNCTIONS, REDUCTIONS
from interpreter_expressions import OutOfRangeError
from interpreter_numbers import ANALYTIC, FLOATS, PARTIALS, Dual, apply
from interpreter_ranges import UnboundedError

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])

# A program, its data, and some of its quantities.
VALUES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "several indices": (
        "input A[N, K], B[K, M]\nC[i, j] = sum[k](A[i, k] * B[k, j])",
        {"A": X, "B": X.T},
        {"C": X @ X.T},
    ),
    "offsets bound an index from both ends": (
        "input u[N]\nlap[i] = u[i] - 2*u[i+1] + u[i+2]\ns = sum[i](u[i-1] * u[i])",
        {"u": [1.0, 2.0, 4.0, 8.0]},
        {"lap": [1.0, 2.0], "s": 2.0 + 8.0 + 32.0},
    ),
    "a diagonal and a transposed access": (
        "input A[N, N]\nd[i] = A[i, i]\nB[i, j] = A[j, i]",
        {"A": X[:2]},
        {"d": [1.0, 4.0], "B": X[:2].T},
    ),
    "an index with a factor": (
        "input x[N]\neven[i] = x[2*i]\nodd[i] = x[2*i + 1]\nback[i in N] = x[N - 1 - i]",
        {"x": [1.0, 2.0, 3.0, 4.0, 5.0]},
        {"even": [1.0, 3.0, 5.0], "odd": [2.0, 4.0], "back": [5.0, 4.0, 3.0, 2.0, 1.0]},
    ),
    "a convolution": (
        "input x[N], w[K]\ny[i] = sum[k](x[i + k] * w[k])",
        {"x": [1.0, 2.0, 3.0, 4.0], "w": [1.0, 10.0]},
        {"y": [21.0, 32.0, 43.0]},
    ),
    "triangular ranges": (
        "input l[M]\ndim D = 3\nL[i in D, j in D] = l[i*(i-1)//2 + j] if j < i else 0\n"
        "c[i in D] = sum[j in 0:i](j + 1)",
        {"l": [1.0, 2.0, 3.0]},
        {"L": [[0, 0, 0], [1, 0, 0], [2, 3, 0]], "c": [0, 1, 3]},
    ),
    "reductions": (
        "input x[N]\nm = mean[i](x[i]); p = prod[i](x[i]); a = argmin[i](x[i]^2); "
        "h = max[i](-x[i]); l = logsumexp[i](log(x[i]^2)); "
        "n = sum[i](1 if x[i] > 0 else 0); k = argmax[i in 1:N](x[i])",
        {"x": [2.0, -1.0, 3.0]},
        {"m": 4 / 3, "p": -6.0, "a": 1, "h": 1.0, "l": math.log(14), "n": 2, "k": 2},
    ),
    "gathers": (
        "input x[N], idx[P] in N\ny[p] = x[idx[p]] * p\nz[p] = x[idx[idx[p]]]",
        {"x": [1.0, 2.0, 4.0], "idx": [2, 2, 0, 1]},
        {"y": [0.0, 4.0, 2.0, 6.0], "z": [1.0, 1.0, 4.0, 4.0]},
    ),
    "only the branch taken is read": (
        "input x[N]\nf[i in N] = x[i]*x[i-1] if i > 0 else x[0]",
        {"x": [2.0, 3.0, 5.0]},
        {"f": [2.0, 6.0, 15.0]},
    ),
    "partial indices and functions of them": (
        "input A[N, D]\ndef size(v) = sum[i](v[i]^2)\ny[n] = size(A[n])\nR[n] = A[n] * 2",
        {"A": X},
        {"y": [5.0, 25.0, 74.0], "R": 2 * X},
    ),
    "functions with bodies": (
        "def f(x, y) {\n  s = x + y\n  t = s * s\n  return t - x\n}\nJ = f(a, f(b, a))",
        {"a": 2.0, "b": 3.0},
        {"J": 24.0**2 - 2.0},
    ),
    "a loop": (
        "input x[T], h0\nloop t in T carry h = h0, s = 0 {\n  s = s + h\n  h = h*x[t]\n"
        "  y[t] = h + s\n}\nlast = h",
        {"x": [2.0, 3.0, 4.0], "h0": 1.0},
        {"h": 24.0, "s": 1 + 2 + 6, "y": [3.0, 9.0, 33.0], "last": 24.0},
    ),
    "a loop over a range backwards, and one that stops": (
        "dim N = 6\nloop k in N:0:-2 carry s = 0 {\n  s = 10*s + k\n}\n"
        "loop j in 5 carry r = 1 while r < 7 {\n  r = 2*r\n  w[j] = r\n}",
        {},
        {"s": 642.0, "r": 8.0, "w": [2.0, 4.0, 8.0, 0.0, 0.0]},
    ),
    "a loop in a loop": (
        "dim N = 3\nloop i in N carry s = 0 {\n  loop j in i carry p = 1 { p = p*(j + 2) }\n"
        "  s = s + p\n  q[i] = p\n}",
        {},
        {"s": 1 + 2 + 6, "q": [1, 2, 6]},
    ),
    "derivatives inside": (
        "param x[N]\nJ = sum[i](x[i]^3)\ng = grad(J, x)\nH = hessian(J, x)\n"
        "y[i] = x[i]*x[0]\nA = jacobian(y, x)\nk = sum(g)\nG = grad(k, x)",
        {"x": [1.0, 2.0]},
        {
            "g": [3.0, 12.0],
            "H": [[6.0, 0.0], [0.0, 12.0]],
            "A": [[2.0, 0.0], [2.0, 1.0]],
            "G": [6.0, 12.0],
        },
    ),
    "a derivative in a quantity between": (
        "param x\nu = x*x\nv = sin(u)*x\ng = grad(v, u)\n",
        {"x": 0.5},
        {"g": math.cos(0.25) * 0.5},
    ),
    "a derivative in every step": (
        "param x0\nloop k in 20 carry x = x0 {\n  F = (x^2 - 2)^2\n  x = x - 0.1*grad(F, x)\n}",
        {"x0": 1.0},
        {"x": None},
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_found_by_hand(name: str) -> None:
    text, data, expected = VALUES[name]
    found = evaluate(text, data)
    for quantity, value in expected.items():
        if value is None:
            assert float(found[quantity]) == pytest.approx(math.sqrt(2))
        else:
            np.testing.assert_allclose(np.asarray(found[quantity], float), value, rtol=1e-14)


@pytest.mark.parametrize("name", VALUES)
def test_values_are_those_of_exact_numbers(name: str) -> None:
    """The same programs in 30 digits."""
    text, data, _ = VALUES[name]
    with mpmath.workdps(30):
        exact = evaluate(text, data, number=mpmath.mpf)
    for quantity, value in evaluate(text, data).items():
        again = np.asarray(exact[quantity], float)
        np.testing.assert_allclose(np.asarray(value, float), again, rtol=1e-12, atol=1e-12)


SMOOTH = (
    "param x[N], s\n"
    "def f(a, b) = exp(a)*b + tanh(b)\n"
    "y[i] = sum[j](f(x[i], s*x[j])) / (1 + x[i]^2)\n"
    "loop t in N carry h = s { h = sin(h)*y[t] + log1pexp(x[t]) }\n"
    "q = norm(x) + prod(x) + logsumexp(y) + var(y) + det([[h, s], [y[0], 2]])\n"
    "J = q*h + sum(solve([[3, h], [s, 4]], [x[0], y[1]]))"
)
POINT = {"x": [0.3, -0.7, 0.4], "s": 1.2}


def test_derivatives_are_those_of_a_complex_step() -> None:
    found = jacobian(SMOOTH, POINT, ["J"], ["x", "s"])
    for name, place in [("x", 0), ("x", 1), ("x", 2), ("s", ())]:
        moved = {key: np.array(value, complex) for key, value in POINT.items()}
        moved[name][place] += 1e-30j
        value = evaluate(SMOOTH, moved, number=complex)["J"]
        assert found["J", name][place] == pytest.approx(value.imag / 1e-30, rel=1e-13)


def test_second_derivatives_are_differences_of_the_first() -> None:
    found = hessian(SMOOTH, POINT, "J", ["x", "s"])
    step = 1e-5
    for name, place in [("x", 1), ("s", ())]:
        ends = []
        for sign in (1, -1):
            moved = {key: np.array(value, float) for key, value in POINT.items()}
            moved[name][place] += sign * step
            ends.append(jacobian(SMOOTH, moved, ["J"], ["x", "s"]))
        for other in ("x", "s"):
            slope = (ends[0]["J", other] - ends[1]["J", other]) / (2 * step)
            np.testing.assert_allclose(
                np.asarray(found[name, other])[place], slope, rtol=1e-7, atol=1e-7
            )


def test_a_derivative_inside_is_that_from_outside() -> None:
    inside = evaluate(SMOOTH + "\ng = grad(J, x)\nH = hessian(J, x)\nm = jacobian(g, s)", POINT)
    outside = jacobian(SMOOTH, POINT, ["J"], ["x"])["J", "x"]
    second = hessian(SMOOTH, POINT, "J", ["x", "s"])
    np.testing.assert_allclose(np.asarray(inside["g"], float), outside)
    np.testing.assert_allclose(np.asarray(inside["H"], float), second["x", "x"], rtol=1e-12)
    np.testing.assert_allclose(np.asarray(inside["m"], float), second["s", "x"], rtol=1e-12)


def test_an_own_derivative_replaces_what_would_follow() -> None:
    text = "def f(a, b) = a*b with da = 10*b, db = a^2\nJ = f(x, f(x, y))"
    found = jacobian(text, {"x": 3.0, "y": 5.0}, ["J"], ["x", "y"])
    assert found["J", "x"] == 10 * 15 + 9 * (10 * 5)
    assert found["J", "y"] == 9 * 9
    assert hessian(text, {"x": 3.0, "y": 5.0}, "J", ["y"])["y", "y"] == 0


KINKS = {
    "abs(x)": 0.0,
    "relu(x)": 0.0,
    "norm([x, x])": 0.0,
    "max(x, 2*x)": 1.5,
    "minimum(x, -x)": 0.0,
    "x^0": 0.0,
    "x^1": 1.0,
    "x^2": 0.0,
    "max([x, 3*x, -x])": 1.0,
    "floor(x) + ceil(x) + sign(x) + x // 2": 0.0,
    "(1/x if x > 0 else x)": 1.0,
}


@pytest.mark.parametrize("expression", KINKS)
def test_kinks_are_those_of_the_reference(expression: str) -> None:
    assert jacobian(f"J = {expression}", {"x": 0.0}, ["J"], ["x"])["J", "x"] == KINKS[expression]


@pytest.mark.parametrize(
    "text",
    [
        "input x[N]\ny[i in N] = x[i+1]",
        "input x[N]\ny[i] = x[i-1]",
        "input x[N]\ny[i in N] = x[i-1] if i >= 0 else 0",
        "input x[N]\ny = sum[i in 0:N+1](x[i])",
    ],
)
def test_a_subscript_out_of_range_is_an_error(text: str) -> None:
    with pytest.raises(OutOfRangeError):
        evaluate(text, {"x": [1.0, 2.0]})


def test_an_access_in_a_branch_bounds_nothing() -> None:
    with pytest.raises(UnboundedError):
        evaluate("input x[N]\ny[i] = x[i] if N > 1 else 0", {"x": [1.0, 2.0]})


@pytest.mark.parametrize("name", sorted(set(PARTIALS) - {"polygamma", "sign", "floor", "ceil"}))
def test_each_partial_is_a_complex_step(name: str) -> None:
    point = (1.7, 0.6) if name in ("pow", "mod", "floordiv", "sub") else (0.3, 0.6)
    point = (1.3, 0.6) if name == "acosh" else point
    args = point[: len(PARTIALS[name])]
    for which in range(len(args)):
        seeded = [Dual(1, x, {0: 1.0}) if i == which else x for i, x in enumerate(args)]
        dual = apply(name, *(x if isinstance(x, Dual) else np.float64(x) for x in seeded))
        stepped = [x + 1e-30j if i == which else complex(x) for i, x in enumerate(args)]
        value = apply(name, *stepped)
        found = dual.partials[0] if isinstance(dual, Dual) else 0.0
        assert found == pytest.approx(np.imag(value) / 1e-30, rel=1e-13)
        assert (dual.primal if isinstance(dual, Dual) else dual) == pytest.approx(np.real(value))


def test_every_function_is_known_in_all_number_systems() -> None:
    assert set(FLOATS) == set(ANALYTIC)
    assert set(REDUCTIONS) - {"max", "min"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", ["det", "inv", "cholesky", "logdet"])
def test_linear_algebra_is_numpys(name: str) -> None:
    random = np.random.default_rng(2)
    root = random.normal(size=(3, 3))
    a = root @ root.T + np.eye(3)
    expected = {
        "det": np.linalg.det,
        "inv": np.linalg.inv,
        "cholesky": np.linalg.cholesky,
        "logdet": lambda m: np.linalg.slogdet(m)[1],
    }[name](a)
    found = FUNCTIONS[name](np.array([[np.float64(x) for x in row] for row in a], object))
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=1e-10)
