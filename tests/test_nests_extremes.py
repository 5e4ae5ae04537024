"""Extremes over an axis, where they are attained, and derivatives of both.

The data are small whole numbers, with infinities and NaNs among them, so that sums are exact in
any order, and ties are many: results are compared to the last bit with those of NumPy.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from c_compiling import needs_cc
from nests_interpreter import run
from numpy.typing import NDArray

import gradc
from gradc.ad.reverse import vjp
from gradc.ir.graph import Lit
from gradc.nests import groups
from gradc.nests.build import build
from gradc.nests.model import Element, For, Function
from gradc.nests.specialise import specialised
from gradc.nests.walk import every
from gradc.pipeline import prepared

Array = NDArray[Any]
Inputs = dict[str, Array]

PLACES = {
    "rows": "at[n] = argmin[k](x[n, k])\ny[n] = at[n]/1\noutput y",
    "columns": "at[k] = argmax[n](x[n, k])\ny[k] = at[k]/1\noutput y",
    "both": "at[n] = argmax[k](x[n, k])\ny[n] = at[n]/1\nz[n] = max[k](x[n, k])\noutput y, z",
    "one": "at = argmin[n](sum[k](x[n, k]))\ny = at/1\noutput y",
    "squares": "at[n] = argmin[m](sum[k]((x[n, k] - x[m, k])^2))\ny[n] = at[n]/1\noutput y",
    "read": "at[n] = argmax[k](-x[n, k])\ny[n, k] = x[n, at[n]] - x[n, k]\noutput y",
    "integers": "input m[N, K] in 5\nat[n] = argmax[k](2*m[n, k])\ny[n] = at[n]/1\noutput y",
}
SIZES = [(1, 1), (3, 2), (9, 7), (64, 5), (65, 11), (130, 3), (0, 4)]


def numbers(draw: np.random.Generator, shape: tuple[int, ...], odd: bool = True) -> Array:
    """Small whole numbers, zeros of both signs; with `odd`, infinities and NaNs."""
    found = draw.integers(-2, 4, shape).astype(float)
    found[(found == 0) & (draw.random(shape) < 0.5)] = -0.0
    if odd:
        found[draw.random(shape) < 0.1] = np.nan
        found[draw.random(shape) < 0.1] = np.inf
        found[draw.random(shape) < 0.1] = -np.inf
    return found


def forward(text: str, sizes: dict[str, int]) -> Function:
    """The function of the outputs of a program for some sizes."""
    return build("f", specialised(prepared(gradc.compile(text).program).graph, sizes))


def outputs(found: Any) -> list[Array]:
    """Results as a list of arrays."""
    return [np.asarray(each) for each in (found if isinstance(found, tuple) else (found,))]


def same(found: list[Any], expected: list[Array]) -> None:
    """Whether results are the same, NaNs included; NumPy chooses among zeros as it likes."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", PLACES)
def test_places_are_those_of_numpy(name: str) -> None:
    text, draw = f"input x[N, K]\n{PLACES[name]}\n", np.random.default_rng(1)
    reference = gradc.compile(text, engine="numpy")
    for n, k in SIZES:
        if (n == 0 and name in ("one", "columns", "squares")) or (n > 9 and name == "squares"):
            continue
        for odd in (False, True):
            x = numbers(draw, (n, k), odd)
            given = {"x": x}
            if name == "integers":
                given["m"] = draw.integers(0, 3, (n, k))
            expected = outputs(reference.forward(**given))
            for sizes in ({}, {"K": k}, {"N": n}, {"N": n, "K": k}):
                found = run(forward(text, sizes), list(given.values()), {"N": n, "K": k})
                same(found, expected)


@needs_cc
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_places_in_c_are_those_of_numpy(dtype: Any) -> None:
    lines = [text.rpartition("\n")[0] for name, text in PLACES.items() if name != "integers"]
    renamed = [re.sub(r"\b(at|y|z)\b", rf"\g<1>{n}", line) for n, line in enumerate(lines)]
    names = [name for line in renamed for name in re.findall(r"^([yz]\d+)", line, re.M)]
    text = "\n".join(["input x[N, K]", *renamed, f"output {', '.join(names)}"]) + "\n"
    native, reference = (gradc.compile(text, engine=e, dtype=dtype) for e in ("c", "numpy"))
    draw = np.random.default_rng(2)
    for n, k in [(1, 1), (9, 7), (65, 11), (130, 100)]:
        for odd in (False, True):
            x = numbers(draw, (n, k), odd)
            same(outputs(native.forward(x=x)), outputs(reference.forward(x=x)))


SUMS = {
    "kmeans": """input x[N, 5]
param c[K, 5]
J = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2)))
""",
    "newton": """input x[N, 5]
param c[K, 5]
E = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2)))
g = grad(E, c)
h = grad(sum(g), c)
J = sum(g*h)
""",
    "chamfer": """param x[N, 3], c[K, 3]
J = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2))) + sum[k](min[n](sum[d]((x[n, d] - c[k, d])^2)))
""",
    "one array": """param x[N, 3], c[K, 3]
d[n, k] = sum[m]((x[n, m] - c[k, m])^2)
J = sum[n](min[k](d[n, k])) + sum[k](min[n](d[n, k]))
""",
    "line": "input x[N]\nparam c[K]\nJ = sum[n](min[k]((x[n] - c[k])^2))\n",
    "products": "param x[N], c[K], w[N]\nJ = sum[n](w[n]*max[k](x[n]*c[k]))\n",
    "rows": "param x[N, K]\nJ = sum[n](max[k](x[n, k])^2)\n",
    "pairs": """input x[N, 2, 4]
param c[K, 4]
J = sum[n, m](max[k](sum[d](x[n, m, d]*c[k, d])))
""",
}


def gradient(text: str, sizes: dict[str, int]) -> tuple[Function, list[str]]:
    """The value and the gradient of a program, and the names of its inputs."""
    program = prepared(gradc.compile(text).program)
    found = vjp(program.graph, program.wrt())
    one = {found.seeds[0]: Lit(1.0)}
    function = build("f", specialised(found.graph, sizes, one))
    return function, [var.name for var in program.graph.inputs]


def inputs(text: str, draw: np.random.Generator, sizes: dict[str, int], odd: bool) -> Inputs:
    """Numbers for the inputs of a program."""
    found: Inputs = {}
    for line in re.findall(r"^(?:input|param) (.*)$", text, re.M):
        for name, shape in re.findall(r"(\w+)\[([^\]]*)\]", line):
            axes = tuple(sizes[axis] if axis in sizes else int(axis) for axis in shape.split(", "))
            found[name] = numbers(draw, axes, odd)
    return found


@pytest.mark.parametrize("name", SUMS)
def test_ties_share_the_derivative(name: str) -> None:
    text, draw = SUMS[name], np.random.default_rng(3)
    reference = gradc.compile(text, engine="numpy")
    for n, k in [(1, 1), (3, 9), (65, 10)]:
        sizes = {"N": n, "K": k}
        given = inputs(text, draw, sizes, odd=False)
        value, slopes = reference.value_and_grad(**given)
        for fixed in ({}, {"K": k}):
            function, names = gradient(text, fixed)
            found = run(function, [given[name] for name in names], sizes)
            for one, other in zip(found, [value, *slopes.values()], strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", SUMS)
def test_parts_of_an_axis_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, draw = SUMS[name], np.random.default_rng(4)
    few, names = gradient(text, {})
    monkeypatch.setattr(groups, "narrowed", lambda nests, variable: (list(nests), []))
    every, _ = gradient(text, {})
    assert (parts(few) > 0) == (name in NARROWED)
    assert not parts(every)
    for n, k in [(0, 4), (2, 0), (1, 9), (3, 8), (70, 9)]:
        for odd in (False, True):
            sizes = {"N": n, "K": k}
            given = inputs(text, draw, sizes, odd)
            arguments = [given[name] for name in names]
            for one, other in zip(
                run(few, arguments, sizes), run(every, arguments, sizes), strict=True
            ):
                np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)
                zero = np.asarray(one == 0) & (other == 0)
                np.testing.assert_array_equal(np.signbit(one)[zero], np.signbit(other)[zero])


NARROWED = frozenset(SUMS) - {"rows"}


def parts(function: Function) -> int:
    """The loops of a function that begin elsewhere than at an axis."""
    return sum(
        isinstance(stmt, For) and isinstance(stmt.start, Element) for stmt in every(function.body)
    )


@needs_cc
@pytest.mark.parametrize("name", SUMS)
def test_ties_in_c_share_the_derivative(name: str) -> None:
    text, draw = SUMS[name], np.random.default_rng(5)
    native, reference = (gradc.compile(text, engine=e) for e in ("c", "numpy"))
    for n, k in [(1, 1), (70, 9), (130, 100)]:
        given = inputs(text, draw, {"N": n, "K": k}, odd=False)
        value, slopes = native.value_and_grad(**given)
        expected = reference.value_and_grad(**given)
        np.testing.assert_allclose(value, expected[0], rtol=1e-12)
        for slope, other in zip(slopes.values(), expected[1].values(), strict=True):
            np.testing.assert_allclose(slope, other, rtol=1e-12, atol=1e-12)


# What each row adds to one number, which is kept in a local of the loop over rows.
ONE_FOR_EACH_ROW = """input x[N, M], s
y[n] = max(softmax(ones(N)*s)/(1.5 + sin(zeros(N) + x[N - 1 - n, 0])))
J = sum(y)
"""


@needs_cc
def test_what_is_added_where_an_extreme_is_attained_may_be_kept_in_a_local() -> None:
    function, _ = gradient(ONE_FOR_EACH_ROW, {})
    for n in (1, 2, 5, 200):
        given = {"x": np.linspace(0.5, 1.5, n)[:, None], "s": 1.0}
        value, slopes = gradc.compile(ONE_FOR_EACH_ROW, engine="numpy").value_and_grad(**given)
        expected = [value, slopes["x"], slopes["s"]]
        _, in_c = gradc.compile(ONE_FOR_EACH_ROW, engine="c").value_and_grad(**given)
        interpreted = [] if n > 5 else run(function, list(given.values()), {"N": n, "M": 1})
        for found in (interpreted, [value, in_c["x"], in_c["s"]]):
            for one, other in zip(found, expected, strict=False):
                np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-15)


# Of 65 values in each of 200 rows some are kept near, beside what is added up for all rows: GCC 12
# read what is near once for all rows where the pointer to the sums was made from an integer.
BESIDE_SUMS = """param x[N, K], c[K], w[N]
J = (sum[n](max[k]((x[n, k] - c[k])^2))
     + max[n](sum[k]((w[n] - c[k])^2))*max[k](sum[n]((w[n] - c[k])^2))
     + sum[n](min[k]((w[n] - c[k])^2)))
"""


@needs_cc
def test_what_is_kept_near_is_read_again_for_each_row() -> None:
    random = np.random.default_rng(1)
    given = {"x": random.normal(size=(200, 65)), "c": np.arange(65.0), "w": np.arange(200.0)}
    value, slopes = gradc.compile(BESIDE_SUMS, engine="numpy").value_and_grad(**given)
    found, in_c = gradc.compile(BESIDE_SUMS, engine="c").value_and_grad(**given)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    for name, slope in slopes.items():
        np.testing.assert_allclose(in_c[name], slope, rtol=1e-9, atol=1e-6)
