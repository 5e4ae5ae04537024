"""Derivatives of reciprocals and of roots: by products, and with the limits of a division.

What a partial scales is anything, so each denominator meets each factor, in both modes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import copysign, inf, isinf, isnan, nan
from typing import Any, Literal

import numpy as np
import pytest
from mpmath import mp, mpf

import gradc
from gradc.targets.c import emit as c

FACTORS = [0.0, -0.0, 1.0, -3.0, 5e-324, 1e-300, -1e300, inf, -inf, nan]
DENOMINATORS = [
    *(0.0, -0.0, 5e-324, -1e-310, 3e-160, 1e-154, -7.0, 49.0, 1e154, 3e160, -1e307, 1.7e308),
    *(inf, -inf, nan),
]
TINY = 2.0**-1024  # the largest number whose reciprocal is infinite
RADICANDS = [0.0, -0.0, 5e-324, 3e-310, 1e-300, 49.0, 2401.0, 3e300, 1.7e308, inf, nan, -1.0]

ENGINES: list[tuple[Literal["numpy", "c"], Literal["float64", "float32"]]] = [
    ("numpy", "float64"),
    ("c", "float64"),
    ("numpy", "float32"),
    ("c", "float32"),
]


def fall(x: float, factor: float, numerator: float = 1.0) -> float:
    """`-factor*numerator/x**2`, rounded once; infinite where `1/x` is."""
    if isnan(x) or isnan(factor):
        return nan
    if (factor == 0 and abs(x) < TINY) or (isinf(factor) and isinf(x)):
        return nan
    if abs(x) < TINY or isinf(factor):
        return copysign(inf, -factor)
    exact = 0.0 if isinf(x) else float(mpf(factor) * numerator / mpf(x) ** 2)
    return copysign(exact, -factor)


def slope(x: float, factor: float) -> float:
    """`factor/(2*sqrt(x))`, rounded once; the root of -0 is -0."""
    if isnan(x) or isnan(factor) or x < 0:
        return nan
    if (factor == 0 and x == 0) or (isinf(factor) and isinf(x)):
        return nan
    if x == 0 or isinf(factor):
        return copysign(inf, factor) * copysign(1.0, x)
    exact = 0.0 if isinf(x) else float(mpf(factor) / (2 * mp.sqrt(mpf(x))))
    return copysign(exact, factor)


CASES: dict[str, tuple[list[float], Callable[[float, float], float]]] = {
    "1/x": (DENOMINATORS, fall),
    "0.5/x": (DENOMINATORS, partial(fall, numerator=0.5)),
    "sqrt(x)": (RADICANDS, slope),
}


def close(found: Any, expected: list[float], single: bool) -> None:
    """The same kind of number, and 4 units in the last place."""
    kind = np.float32 if single else np.float64
    info = np.finfo(kind)
    with np.errstate(over="ignore", under="ignore"):
        wanted = np.asarray(expected).astype(kind)
    found = np.asarray(found, kind)
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(found[~finite], wanted[~finite])
    within = 4 * np.maximum(np.abs(wanted[finite]) * info.eps, info.smallest_subnormal)
    assert np.all(np.abs(found[finite].astype(np.float64) - wanted[finite]) <= within)
    signed = (wanted == 0) & (found == 0)
    np.testing.assert_array_equal(np.signbit(found[signed]), np.signbit(wanted[signed]))


def pairs(points: list[float], single: bool) -> tuple[np.ndarray, np.ndarray]:
    """Each point with each factor, as numbers that the type has."""
    x, factor = (np.ravel(each) for each in np.meshgrid(points, FACTORS))
    with np.errstate(over="ignore", under="ignore"):
        kept = [each.astype(np.float32 if single else np.float64) for each in (x, factor)]
    return kept[0], kept[1]


@pytest.mark.parametrize(("engine", "dtype"), ENGINES)
@pytest.mark.parametrize("text", CASES)
def test_limits_of_arrays(text: str, engine: Any, dtype: Any) -> None:
    points, exact = CASES[text]
    x, factor = pairs(points, dtype == "float32")
    expected = [exact(*map(float, each)) for each in zip(x, factor, strict=True)]
    source = f"param x[N]\ninput f[N]\nz = {text}\nJ = sum(f*z)"
    program = gradc.compile(source, engine=engine, dtype=dtype)
    found = program.value_and_grad(x=x, f=factor)[1]["x"]
    close(found, expected, dtype == "float32")
    directions = {"x": factor}
    tangents = gradc.compile(f"input x[N]\nz = {text}", engine=engine, dtype=dtype)
    close(tangents.jvp({"x": x}, directions)[1], expected, dtype == "float32")


@pytest.mark.parametrize("text", CASES)
def test_limits_of_scalars(text: str) -> None:
    points, exact = CASES[text]
    program = gradc.compile(f"param x\ninput f\nJ = f*({text})", engine="python")
    x, factor = pairs(points, False)
    found = [program.value_and_grad(x=a, f=b)[1]["x"] for a, b in zip(x, factor, strict=True)]
    close(np.asarray(found), [exact(*each) for each in zip(x, factor, strict=True)], False)


def test_equal_bits_in_all_engines() -> None:
    """What is divided by a root several times, in a derivative of a derivative."""
    text = "param x, y\np = 1/sqrt(x^2 + y^2)\nu = grad(p, x)\nJ = u*u + y*u"
    point = {"x": 0.7, "y": -1.3}
    found = [
        gradc.compile(text, engine=e).value_and_grad(**point) for e in ("python", "numpy", "c")
    ]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("outer", ["tangent", "reverse"])
@pytest.mark.parametrize("inner", ["forward", "reverse"])
def test_divisions_of_a_second_derivative(inner: str, outer: str) -> None:
    """Of a root there are `1/s` and `0.5/s`, and no other."""
    text = f"param x, y\np = 1/sqrt(x^2 + y^2)\nu = grad(p, x, mode={inner})\nJ = u*u"
    program = gradc.compile(text).program
    emitted = c.emit(program, program.graph.inputs, kinds=[outer]).text
    assert emitted.count(" / ") == 2
