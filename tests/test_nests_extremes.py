"""Extremes over an axis, where they are attained, and derivatives of both.

The data are small whole numbers, with infinities and NaNs among them, so that sums are exact in
any order, and ties are many: results are compared to the last bit with those of NumPy.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from c_functions import needs_compiler
from nests_interpreter import run
from numpy.typing import NDArray

import gradc
from gradc.nests.build import build
from gradc.nests.model import Function
from gradc.nests.specialise import specialised
from gradc.pipeline import prepared

Array = NDArray[Any]

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


@needs_compiler
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
