"""Every primitive of the table in JavaScript: values and derivatives are those of the Python
target, at points of its domain, at edges, kinks and extreme arguments, of numbers and of arrays.

The table is iterated, so a new row is tested by being there.
"""

from __future__ import annotations

import itertools
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from javascript import needs_node
from js_agreement import Call, Twin, agree, directions, twin
from test_primitives import (
    ARRAY_CASES,
    ARRAY_PROGRAMS,
    CASES,
    LOGIC,
    SIGNED,
    ZEROS,
    data_for,
    expression,
    operands,
    points,
)

import gradc
from gradc.ops.primitive import Form
from gradc.ops.table import PRIMITIVES
from gradc.targets.js.style import JAVASCRIPT_STYLE

pytestmark = pytest.mark.usefixtures("named_rows")

EXTREME = (0.0, -0.0, 1.0, -2.5, 1e300, -1e-300, inf, -inf, nan)


def test_every_row_is_spelled() -> None:
    for row in PRIMITIVES.values():
        spelling = row.spell["js"]
        if isinstance(spelling, Form) and row.structured is None:
            assert JAVASCRIPT_STYLE.has_form(spelling.name), row.name


def of_numbers(text: str, at: list[tuple[float, ...]]) -> Twin:
    """A program of numbers, called at points, in both modes and kinds of module."""
    compiled = gradc.compile(text)
    moved = [1.0, *[0.0] * (len(at[0]) - 1)]
    module = twin(text, compiled.program, compiled.wrt, at[0], moved, [1.0])
    calls: list[Call] = []
    for point in at:
        calls += [("forward", point), ("reverse", [1.0]), ("tangent", [*point, *moved])]
    return module._replace(calls=calls)


def of_arrays(text: str, at: list[tuple[float, ...]]) -> Twin:
    columns = [np.array(column) for column in zip(*at, strict=True)]
    compiled = gradc.compile(text)
    one, other = np.ones(len(at)), np.zeros(len(at))
    moved = [one, *[other] * (len(columns) - 1)]
    return twin(text, compiled.program, compiled.wrt, columns, moved, [one])


@needs_node
def test_elementwise_primitives(tmp_path: Path) -> None:
    numbers, arrays = [], []
    for row, n in CASES:
        names, text = operands(row), expression(row, n)
        at = points(row)
        at += [edge.at for edge in (*row.edges, *row.kinks) if edge.n in (n, None)]
        at += itertools.product(EXTREME, repeat=len(names))
        numbers.append(of_numbers(f"param {', '.join(names)}\nv = {text}", at))
        shaped = ", ".join(f"{name}[N]" for name in names)
        arrays.append(of_arrays(f"param {shaped}\nv = {text}", at))
    agree(numbers, tmp_path, 1e-13)
    agree(arrays, tmp_path, 1e-13)


@needs_node
def test_signs_of_zeros(tmp_path: Path) -> None:
    twins = []
    for row, n in CASES:
        if row.name in SIGNED:
            at = list(itertools.product(ZEROS, repeat=len(operands(row))))
            given = f"param {', '.join(operands(row))}\nv = {expression(row, n)}"
            twins.append(of_numbers(given, at))
    compiled = gradc.compile("param y[N]\nz = stack(y, ones(N)*(-0.0), zeros(N))")
    given = [np.array([1.0, -0.0])]
    weights = directions(compiled.graph.outputs, {"N": 2}, 1)
    twins.append(twin("fills", compiled.program, compiled.wrt, given, given, weights))
    assert np.signbit(compiled.forward(y=given[0])[1]).all()
    agree(twins, tmp_path, 0.0, signed=True)


@needs_node
def test_conditions(tmp_path: Path) -> None:
    at = list(itertools.product((0.0, -0.0, 1.0, 2.0, inf, nan), repeat=2))
    twins = []
    for text in LOGIC.values():
        body = f"v = 3*x if {text} else y*y"
        twins.append(of_numbers(f"param x, y\n{body}", at))
        twins.append(of_arrays(f"param x[N], y[N]\n{body}", at))
    agree(twins, tmp_path, 1e-13)


@needs_node
def test_arrays(tmp_path: Path) -> None:
    twins = []
    for name, sizes in ARRAY_CASES:
        compiled = gradc.compile(ARRAY_PROGRAMS[name])
        arguments = data_for(compiled, sizes, 1)
        moved = directions(compiled.wrt, sizes, 2)
        weights = directions(compiled.graph.outputs, sizes, 3)
        label = f"{name} {sizes}"
        twins.append(twin(label, compiled.program, compiled.wrt, arguments, moved, weights))
    agree(twins, tmp_path, 1e-11)
