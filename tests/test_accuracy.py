"""Derivatives keep their relative accuracy where textbook formulas lose it, in both modes.

References are closed formulas in mpmath, with as many digits as they cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import gradc

# Two units in the last place of each of some ten operations.
TOLERANCE = 5e-15


def close(found: Any, exact: Any, tolerance: float = TOLERANCE) -> None:
    """Equal up to a relative error, element by element; the smallest doubles have none."""
    for one, other in zip(np.ravel(found), np.ravel(exact), strict=True):
        expected = float(other)
        if abs(expected) < 1e-300:
            assert abs(one) < 1e-300, (one, expected)
        else:
            assert abs(one - expected) <= tolerance * abs(expected), (one, expected)


def both_modes(text: str, x: Sequence[float]) -> tuple[Any, Any]:
    """The Jacobian of a program of a vector, by columns and by rows."""
    program = gradc.compile(f"input x[{len(x)}]\ny = {text}")
    columns = [program.jvp({"x": x}, {"x": unit})[1] for unit in np.eye(len(x))]
    found = program.jacobian(x=x)
    rows = found.blocks["y", "x"]
    assert found.mode == "reverse"
    return np.stack(columns, axis=-1), rows


def hessian(text: str, x: Sequence[float]) -> Any:
    return gradc.compile(f"input x[{len(x)}]\nJ = {text}").hessian(x=x).blocks["x", "x"]


@pytest.fixture(autouse=True)
def precisely() -> Any:
    with mp.workdps(800):
        yield


# Softmax and logsumexp

POINTS = {
    "equal": [0.3] * 5,
    "ordinary": [0.1, -1.2, 0.7, 2.5],
    "one leads": [0.0, -40.0, -41.5, -300.0],
    "two lead": [700.0, 700.5, -700.0],
    "far apart": [-800.0, 0.0, 0.5, 650.0],
    "many": [0.01 * i for i in range(40)],
}


def softmax(x: Sequence[float]) -> list[mpf]:
    weights = [mp.exp(mpf(v)) for v in x]
    return [w / mp.fsum(weights) for w in weights]


def others(p: Sequence[mpf], i: int) -> mpf:
    return mp.fsum(q for j, q in enumerate(p) if j != i)


def softmax_jacobian(x: Sequence[float]) -> list[list[mpf]]:
    p = softmax(x)
    n = range(len(x))
    return [[p[i] * others(p, i) if i == j else -p[i] * p[j] for j in n] for i in n]


@pytest.mark.parametrize("x", POINTS.values(), ids=POINTS)
def test_softmax(x: list[float]) -> None:
    close(gradc.compile("input x[N]\ny = softmax(x)").forward(x=x), softmax(x))
    for found in both_modes("softmax(x)", x):
        close(found, softmax_jacobian(x), 1e-14)


@pytest.mark.parametrize("x", POINTS.values(), ids=POINTS)
def test_second_derivatives_of_softmax(x: list[float]) -> None:
    p, slope, n = softmax(x), softmax_jacobian(x), range(len(x))
    for i in range(min(len(x), 3)):
        exact = [[slope[i][k] * ((i == j) - p[j]) - p[i] * slope[j][k] for k in n] for j in n]
        close(hessian(f"softmax(x)[{i}]", x), exact, 1e-13)


@pytest.mark.parametrize("x", POINTS.values(), ids=POINTS)
def test_logsumexp(x: list[float]) -> None:
    exact = mp.log(mp.fsum(mp.exp(mpf(v)) for v in x))
    close(gradc.compile("input x[N]\ny = logsumexp(x)").forward(x=x), exact)
    for found in both_modes("logsumexp(x)", x):
        close(found, softmax(x))
    close(hessian("logsumexp(x)", x), softmax_jacobian(x), 1e-14)


def test_logsumexp_keeps_what_is_small_beside_a_zero() -> None:
    close(gradc.compile("input x[N]\ny = logsumexp(x)").forward(x=[0.0, -50.0]), mp.exp(mpf(-50)))


@pytest.mark.parametrize(
    ("x", "weights"),
    [
        ([inf, 1.0, -inf], [1, 0, 0]),
        ([inf, 1.0, inf], [0.5, 0, 0.5]),
        ([-inf, 3.0, 3.0], [0, 0.5, 0.5]),
        ([-inf, -inf, 3.0], [0, 0, 1]),
        ([-inf, -inf], [0.5, 0.5]),
    ],
)
def test_infinite_elements_share_alike(x: list[float], weights: list[float]) -> None:
    for found in both_modes("logsumexp(x)", x):
        assert found.tolist() == weights
    np.testing.assert_array_equal(both_modes("softmax(x)", x)[0], both_modes("softmax(x)", x)[1])
    assert np.isfinite(both_modes("softmax(x)", x)[0]).all()


# The norm

VECTORS = {
    "ordinary": [0.3, -1.2, 0.7, 2.5],
    "along an axis": [1e-9, 3.0, 1e-20, -2e-12],
    "huge": [1e300, -3e300, 2e290],
    "tiny": [1e-300, -3e-300, 2e-305],
    "beyond the largest double": [1.5e308, 1.5e308, 1e308],
}


@pytest.mark.parametrize("x", VECTORS.values(), ids=VECTORS)
def test_norm(x: list[float]) -> None:
    norm = mp.sqrt(mp.fsum(mpf(v) ** 2 for v in x))
    unit = [mpf(v) / norm for v in x]
    for found in both_modes("norm(x)", x):
        close(found, unit)
    n = range(len(x))
    if norm < 1e300:
        across = [
            [
                (mp.fsum(unit[k] ** 2 for k in n if k != i) if i == j else -unit[i] * unit[j])
                / norm
                for j in n
            ]
            for i in n
        ]
        close(hessian("norm(x)", x), across, 1e-14)


@pytest.mark.parametrize(
    ("x", "gradient"),
    [
        ([0.0, 0.0], [0, 0]),
        ([0.0, -0.0, 5e-324], [0, 0, 1]),
        ([-inf, 1.0], [-1, 0]),
        ([-inf, 1.0, inf], [-math.sqrt(0.5), 0, math.sqrt(0.5)]),
    ],
)
def test_norm_at_its_edges(x: list[float], gradient: list[float]) -> None:
    for found in both_modes("norm(x)", x):
        np.testing.assert_allclose(found, gradient, rtol=1e-15)


def test_the_second_derivative_of_norm_at_zero_is_zero() -> None:
    assert hessian("norm(x)", [0.0, 0.0]).tolist() == [[0, 0], [0, 0]]


# Functions of one number: the value of the derivative, and of the next

SMALL = [1e-200, 1e-9, 0.3, 1.0]
LARGE = [5.0, 15.0, 20.0, 40.0, 300.0]


def one_over_cosh(x: mpf) -> mpf:
    return 1 / mp.cosh(x)


def logistic(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


CURVES: dict[str, tuple[Callable[[mpf], mpf], Callable[[mpf], mpf], list[float]]] = {
    "tanh": (
        lambda x: one_over_cosh(x) ** 2,
        lambda x: -2 * mp.tanh(x) * one_over_cosh(x) ** 2,
        [*SMALL, *LARGE, -3.0, -20.0, 800.0],
    ),
    "sigmoid": (
        lambda x: logistic(x) * logistic(-x),
        lambda x: -logistic(x) * logistic(-x) * mp.tanh(x / 2),
        [*SMALL[1:], *LARGE, -5.0, -40.0, -300.0, 800.0, -800.0],
    ),
    "log1pexp": (
        logistic,
        lambda x: logistic(x) * logistic(-x),
        [*SMALL, *LARGE, -5.0, -40.0, -300.0, 800.0, -800.0],
    ),
    "asinh": (
        lambda x: 1 / mp.sqrt(1 + x * x),
        lambda x: -x / mp.sqrt(1 + x * x) ** 3,
        [*SMALL, *LARGE, 1e50, -1e90],
    ),
    "atan": (
        lambda x: 1 / (1 + x * x),
        lambda x: -2 * x / (1 + x * x) ** 2,
        [*SMALL, *LARGE, 1e50, -1e60],
    ),
}


@pytest.mark.parametrize("shape", ["", "[1]"], ids=["scalar", "array"])
@pytest.mark.parametrize("name", CURVES)
def test_functions_of_one_number(name: str, shape: str) -> None:
    first, second, points = CURVES[name]
    program = gradc.compile(f"input x{shape}\nJ = {f'sum({name}(x))' if shape else f'{name}(x)'}")
    for x in points:
        at = [x] if shape else x
        close(program.value_and_grad(x=at)[1]["x"], first(mpf(x)))
        close(program.jvp({"x": at}, {"x": [1.0] if shape else 1.0})[1], first(mpf(x)))
        if abs(first(mpf(x))) > 1e-150 and (name != "sigmoid" or abs(x) > 0.1):
            close(program.hessian(x=at).blocks["x", "x"], second(mpf(x)), 7e-15)


@pytest.mark.parametrize(("x", "y"), [(3e200, 4e200), (3e-200, 4e-200), (1.0, 1e-9), (-2.0, 7.0)])
def test_hypot(x: float, y: float) -> None:
    radius = mp.hypot(x, y)
    gradients = gradc.compile("J = hypot(x, y)").value_and_grad(x=x, y=y)[1]
    close([gradients["x"], gradients["y"]], [x / radius, y / radius])
    found = gradc.compile("J = hypot(x, y)").hessian(x=x, y=y).blocks
    # In absolute terms: beside the largest element of the matrix.
    a, b = mpf(x), mpf(y)
    for one, other, exact in [("x", "x", b * b), ("x", "y", -a * b), ("y", "y", a * a)]:
        assert abs(found[one, other] - exact / radius**3) <= 1e-15 / radius
