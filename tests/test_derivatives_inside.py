"""Derivatives inside a program: each program specifies one sentence of section 8.

Values are found by hand; derivatives of what is itself a derivative, in both modes, are those of
the interpreter's dual numbers of dual numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from agreement import Agreement, agree

import gradc

X = np.array([2.0, 3.0, 5.0])

Case = tuple[str, dict[str, Any], dict[str, Any]]

ALL: dict[str, Case] = {
    "a gradient has the shape of its quantity": (
        "param w[N], b\nJ = sum(w^3)*b\ng = grad(J, w)\nd = grad(J, b)",
        {"w": X, "b": 2.0},
        {"g": 6 * X**2, "d": 160.0},
    ),
    "a Jacobian has the axes of both": (
        "param x[N], A[M, N]\nr = A @ (x*x)\nG = jacobian(r, x)",
        {"x": X, "A": np.arange(6.0).reshape(2, 3)},
        {"G": np.arange(6.0).reshape(2, 3) * 2 * X},
    ),
    "a Jacobian in a matrix": (
        "param x[N], A[M, N]\nr = A @ x\nG = jacobian(r, A)",
        {"x": [2.0, 3.0], "A": np.ones((2, 2))},
        {"G": [[[2.0, 3.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 3.0]]]},
    ),
    "a Jacobian of a vector in a scalar, and of a scalar in a vector": (
        "param x[N], s\nr = x^2*s\nj = sum(r)\nG = jacobian(r, s)\nH = jacobian(j, x)",
        {"x": X, "s": 2.0},
        {"G": X**2, "H": 4 * X},
    ),
    "a Hessian": (
        "param x[N], s\nJ = prod(x)*s^2\nH = hessian(J, x)\nh = hessian(J, s)",
        {"x": X, "s": 2.0},
        {"H": [[0.0, 20.0, 12.0], [20.0, 0.0, 8.0], [12.0, 8.0, 0.0]], "h": 60.0},
    ),
    "they are ordinary quantities": (
        "param x[N]\nJ = sum(x^4)/12\nH = hessian(J, x)\ng = grad(J, x)\nstep = solve(H, g)\n"
        "y = x - step\nd[i] = H[i, i] * g[i]",
        {"x": X},
        {"y": X * 2 / 3, "d": X**5 / 3},
    ),
    "of a function with a loop, where one value goes into the loop and past it": (
        "param x[N], v[N]\n"
        "def f(t) {\n    loop k in 3 carry s = t { s = s*s }\n    return s + t*t\n}\n"
        "def df(t) {\n    y = f(t)\n    return grad(y, t)\n}\n"
        "q[i] = df(x[i]) if v[i] > 0 else 0",
        {"x": X, "v": [1.0, -1.0, 1.0]},
        {"q": [8 * 2.0**7 + 4, 0.0, 8 * 5.0**7 + 10]},
    ),
    "of a function of an array and a number, mapped": (
        "param x[N], a\n"
        "def f(t, p) {\n    loop k in 3 carry s = t { s = s*p }\n"
        "    return s + (t*t if t > 0 else sin(t))*p\n}\n"
        "def df(t, p) {\n    y = f(t, p)\n    return grad(y, p)\n}\n"
        "z[i] = df(x[i], a)",
        {"x": [2.0, -3.0, 5.0], "a": 2.0},
        {"z": [28.0, -36.0 + math.sin(-3.0), 85.0]},
    ),
    "they are differentiated again": (
        "param x\nJ = x^5\na = grad(J, x)\nb = grad(a, x)\nc = grad(b, x)\nd = grad(c, x)",
        {"x": 2.0},
        {"a": 80.0, "b": 160.0, "c": 240.0, "d": 240.0},
    ),
    "a Hessian is the Jacobian of a gradient": (
        "param x[N]\nJ = sum(sin(x))*prod(x)\ng = grad(J, x)\nD = jacobian(g, x) - hessian(J, x)",
        {"x": X},
        {"D": np.zeros((3, 3))},
    ),
    "in a quantity between": (
        "param x\nu = x*x\nv = sin(u)*x\ng = grad(v, u)",
        {"x": 0.5},
        {"g": math.cos(0.25) * 0.5},
    ),
    "in a vector between, through two ways": (
        "param x[N]\nu = x*x\nv = exp(-u)\nJ = sum(u*v)\ng = grad(J, u)",
        {"x": [0.5, 1.0]},
        {"g": np.exp(-np.array([0.25, 1.0])) * (1 - np.array([0.25, 1.0]))},
    ),
    "of a quantity in itself": (
        "param x, w[N]\ng = grad(x, x)\nE = jacobian(w, w)",
        {"x": 3.0, "w": [1.0, 2.0]},
        {"g": 1.0, "E": np.eye(2)},
    ),
    "in data too": (
        "input x\nparam w\nJ = sin(x*w)\nv = grad(J, x)\nK = v^2",
        {"x": 0.5, "w": 2.0},
        {"K": 4 * math.cos(1.0) ** 2},
    ),
    "a mode may be chosen": (
        "param x[N]\nJ = prod(x)\na = grad(J, x, mode=forward)\nb = grad(J, x, mode=reverse)\n"
        "r = x*x\nF = jacobian(r, x, mode=forward)\nR = jacobian(r, x, mode=reverse)",
        {"x": X},
        {"a": [15.0, 10.0, 6.0], "b": [15.0, 10.0, 6.0], "F": np.diag(2 * X), "R": np.diag(2 * X)},
    ),
    "of an indexed definition": (
        "param x[N], A[N, N]\nq = sum[i, j](x[i] * A[i, j] * x[j])\ng = grad(q, x)\n"
        "z[i] = g[i] * x[i]\nH = hessian(q, x)",
        {"x": [1.0, 2.0], "A": [[1.0, 2.0], [0.0, 3.0]]},
        {"g": [6.0, 14.0], "z": [6.0, 28.0], "H": [[2.0, 2.0], [2.0, 6.0]]},
    ),
    "of a gather": (
        "param x[N]\ninput a[P] in N\nJ = sum[p](x[a[p]]^2)\ng = grad(J, x)\nH = hessian(J, x)",
        {"x": X, "a": [0, 2, 2, 2]},
        {"g": [4.0, 0.0, 30.0], "H": np.diag([2.0, 0.0, 6.0])},
    ),
    "of a function": (
        "param a, b\ndef f(t, u) = sin(t)*u + t^2\ny = f(a, f(b, a))\ng = grad(y, a)",
        {"a": 0.5, "b": 1.5},
        {"g": None},
    ),
    "of a function with an own derivative": (
        "param a\ndef f(t) = t with dt = t^3\ny = f(a)*a\ng = grad(y, a)\nh = grad(g, a)",
        {"a": 2.0},
        {"g": 2.0 + 16.0, "h": 8.0 + 32.0},
    ),
    "inside functions": (
        "param a, x[N]\ndef slope(t) {\n  y = t^3\n  return grad(y, t)\n}\n"
        "def pull(v) {\n  s = sum(v^3)\n  return grad(s, v)\n}\n"
        "J = slope(a) * slope(slope(a))\nz = pull(pull(x))\ny[i] = slope(x[i])",
        {"a": 1.0, "x": [1.0, 2.0]},
        {"J": 81.0, "z": [27.0, 432.0], "y": [3.0, 12.0]},
    ),
    "of a loop": (
        "param a, b\nloop k in 3 carry h = a {\n  h = h*h*b\n}\ng = grad(h, a)\nG = grad(g, b)",
        {"a": 1.0, "b": 2.0},
        {"g": 8 * 2.0**7, "G": 56 * 2.0**6},
    ),
    "of what a loop collects": (
        "param a\nloop k in 3 carry h = a {\n  h = h*a\n  y[k] = h\n}\nD = jacobian(y, a)",
        {"a": 2.0},
        {"D": [4.0, 12.0, 32.0]},
    ),
    "descent in a loop": (
        "param x0\nloop k in 60 carry x = x0 {\n  F = (x^2 - 2)^2\n  x = x - 0.1*grad(F, x)\n}",
        {"x0": 1.0},
        {"x": math.sqrt(2)},
    ),
    "Newton's method in a loop": (
        "param x0[N], c[N]\nloop k in 6 carry x = x0 {\n  F = sum(x^4)/4 - dot(c, x)\n"
        "  x = x - solve(hessian(F, x), grad(F, x))\n}",
        {"x0": [1.5, 2.5], "c": [1.0, 8.0]},
        {"x": [1.0, 2.0]},
    ),
    "an unrolled learning rate": (
        "param w0, lr\ninput t\nloop k in 3 carry w = w0 {\n  L = (w - t)^2\n"
        "  w = w - lr*grad(L, w)\n}\nfinal = (w - t)^2\nmeta = grad(final, lr)",
        {"w0": 1.0, "lr": 0.1, "t": 0.0},
        {"final": 0.8**6, "meta": -12 * 0.8**5},
    ),
    "of a quantity of the program, in a loop": (
        "param a\nb = a^3\nloop k in 2 carry s = a {\n  s = s*grad(b, a)\n}",
        {"a": 2.0},
        {"s": 288.0},
    ),
    "of a quantity of the program in a quantity of the step": (
        "param a\nloop k in 2 carry s = a {\n  u = s*s\n  v = u*a\n  s = grad(v, u) + s\n}",
        {"a": 2.0},
        {"s": 6.0},
    ),
    "an energy and its forces": (
        "param q[N, 2]\nE = sum[i, j in 0:i](1/norm(q[i] - q[j])) + sum(q*q)\nF = grad(E, q)\n"
        "n = sum(F*F)",
        {"q": [[0.0, 0.0], [2.0, 0.0]]},
        {"E": 4.5, "F": [[0.25, 0.0], [3.75, 0.0]]},
    ),
    "of linear algebra": (
        "param A[N, N]\nl = logdet(A)\nG = grad(l, A)\nd = det(A)\nC = grad(d, A)",
        {"A": [[2.0, 1.0], [1.0, 3.0]]},
        {"G": [[0.6, -0.2], [-0.2, 0.4]], "C": [[3.0, -1.0], [-1.0, 2.0]]},
    ),
    "kinks": (
        "param x[N]\nJ = sum(abs(x)) + max(x) + norm(x)\ng = grad(J, x)\nh = hessian(J, x)",
        {"x": [0.0, 0.0]},
        {"g": [0.5, 0.5], "h": np.zeros((2, 2))},
    ),
}


_LOOP = "param x[2]\nloop k in 2 carry y = zeros(2) {\n y = x*x + 0.5*y*x[1]\n}\n"
ALL |= {
    f"each column of a Jacobian of a loop starts anew, in {mode} mode": (
        f"{_LOOP}G = jacobian(y, x, mode={mode})",
        {"x": [2.0, 3.0]},
        {"G": [[10.0, 2.0], [0.0, 19.5]]},
    )
    for mode in ("forward", "reverse")
}


@pytest.mark.parametrize("name", ALL)
def test_it_means(name: str) -> None:
    text, data, expected = ALL[name]
    known = {key: value for key, value in expected.items() if value is not None}
    agree(f"{text}\noutput {', '.join(expected)}", data, **known)


@pytest.mark.parametrize(
    "name", ["they are differentiated again", "of a gather", "inside functions", "of a loop"]
)
def test_second_derivatives_of_derivatives(name: str) -> None:
    text, data, expected = ALL[name]
    last = list(expected)[-1]
    total = f"sum({last}*{last})" if np.ndim(expected[last]) else f"{last}*{last}"
    Agreement(f"{text}\nTotal = {total}\noutput Total", data).check_hessian()


def test_a_gradient_inside_is_that_of_the_program() -> None:
    text = "param x[N], s\nJ = sum(sin(x)*s) + prod(x)"
    data = {"x": X, "s": 1.5}
    _, gradients = gradc.compile(text).value_and_grad(**data)
    found = gradc.compile(text + "\ng = grad(J, x)").forward(**data)
    np.testing.assert_array_equal(found, gradients["x"])


WRONG = {
    "in what it does not depend on": "param x, y\nu = x*x\ng = grad(u, y)\nz = g*y",
    "a gradient of an array": "param x[N]\nr = x*x\ng = grad(r, x)",
    "a Hessian of an array": "param x[N]\nr = x*x\ng = hessian(r, x)",
    "in what is not a quantity": "param x\nJ = x*x\ng = grad(J, 2*x)",
    "in a name that is not there": "param x\nJ = x*x\ng = grad(J, y)",
    "in integers": "param x[N]\ninput k in N\nJ = x[k]\ng = grad(J, k)",
    "one argument": "param x\nJ = x*x\ng = grad(J)",
    "another keyword": "param x\nJ = x*x\ng = grad(J, x, order=2)",
    "another mode": "param x\nJ = x*x\ng = grad(J, x, mode=sideways)",
    "before it is defined": "param x\ng = grad(J, x)\nJ = x*x",
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name: str) -> None:
    with pytest.raises(gradc.SourceError):
        gradc.compile(WRONG[name])


@pytest.mark.parametrize(
    "sum_text", ["sum[i](x[i]*log(x[i]) if x[i] > 0 else 0)", "sum(x*log(x) if x > 0 else 0)"]
)
def test_a_branch_not_taken_leaves_no_nan_in_a_hessian(sum_text) -> None:
    program = gradc.compile(f"param x[N]\nJ = {sum_text}\nh = hessian(J, x)\noutput h")
    found = program.forward(x=[0.0, 1.0, 2.0])
    np.testing.assert_array_equal(found, np.diag([0.0, 1.0, 0.5]))


# One run of a function for its value and its derivative

RUN = """param a, b
def f(x, y) {
    loop k in 3 carry u = x, v = y {
        u = u - 0.1*v*u
        v = v + 0.1*sin(u)
    }
    return u*v
}
c = exp(a*b)
J = f(c, b)^2 + c
K = f(J/9, sin(a))*J
"""
REQUESTS = {
    "one": ("g = grad(K, a, mode=MODE)", 2),
    "of what is between": ("g = grad(K, c, mode=MODE)", 2),
    "of the first function": ("g = grad(J, c, mode=MODE)", 2),
    "two": ("g = grad(K, a, mode=MODE)\nh = grad(K, b, mode=MODE)", 4),
    "one of the other": ("g = grad(K, a, mode=MODE)\nh = grad(g, a, mode=MODE)", 2),
    "with the other mode before": ("h = grad(K, b, mode=reverse)\ng = grad(J, a, mode=MODE)", None),
    "with the other mode behind": ("g = grad(K, a, mode=MODE)\nh = grad(K, c, mode=reverse)", None),
    "with a Hessian": ("g = grad(K, a, mode=MODE)\nh = hessian(K, b)", None),
    "within a loop": (
        "loop n in 2 carry w = a { q = f(w, b)*w\n w = w - 0.01*grad(q, w, mode=MODE)*q }\ng = w",
        3,
    ),
}


@pytest.mark.parametrize("mode", ["forward", "auto"])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_derivative_comes_with_the_value(name: str, mode: str) -> None:
    lines, runs = REQUESTS[name]
    text = RUN + lines + "\n"
    asked, other = text.replace("MODE", mode), text.replace("MODE", "reverse")
    if mode == "auto":
        asked = asked.replace(", mode=auto", "")
    data = {"a": 0.3, "b": 0.7}
    outputs = "output K, g" + (", h" if "h =" in lines else "") + "\n"
    agree(asked + outputs, data)
    found, expected = (gradc.compile(each + outputs) for each in (asked, other))
    np.testing.assert_allclose(found.forward(**data), expected.forward(**data), rtol=1e-12)
    assert found.forward(**data)[0] == gradc.compile(RUN + "output K\n").forward(**data)
    if runs is not None:
        graph = found.program.graph
        inner = [equation.param("body") for equation in graph.equations if equation.op == "loop"]
        every = [equation for each in (graph, *inner) for equation in each.equations]
        calls = [equation for equation in every if equation.op == "call"]
        assert len(calls) == runs


def test_steps_are_not_kept_for_a_derivative_of_a_scalar() -> None:
    text = RUN + "g = grad(K, a)\n"
    kinds = [equation.op for equation in gradc.compile(text).program.graph.equations]
    assert "call" in kinds
    for equation in gradc.compile(text).program.graph.equations:
        for graph in equation.graphs():
            assert all(len(out.type.shape) == 0 for each in graph.equations for out in each.outs)
