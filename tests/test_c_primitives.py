"""Every elementwise primitive of the table in C: values and derivatives are those of the Python
target, at points of its domain, at edges, kinks and extreme arguments; and every array primitive.

The table is iterated, so a new row is tested by being there.
"""

from __future__ import annotations

import itertools
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_agreement import Twin, agree, called_with, twin
from c_compiling import needs_cc
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
from gradc.ops.primitive import Form, Helper
from gradc.ops.table import PRIMITIVES
from gradc.targets.c.helpers import helper_names
from gradc.targets.c.spelling import FORMS

pytestmark = pytest.mark.usefixtures("named_rows")

EXTREME = (0.0, -0.0, 1.0, -2.5, 1e300, -1e-300, inf, -inf, nan)


def test_every_elementwise_row_is_spelled() -> None:
    for row in PRIMITIVES.values():
        if row.elementwise:
            spelling = row.spell["c"]
            assert not isinstance(spelling, Form) or spelling.name in FORMS, row.name
            assert not isinstance(spelling, Helper) or spelling.name in helper_names(), row.name


def of_arrays(name: str, text: str, at: list[tuple[float, ...]]) -> Twin:
    """A program of vectors, called at points, in both modes."""
    columns: list[Any] = [np.array(column) for column in zip(*at, strict=True)]
    compiled = gradc.compile(text)
    one, other = np.ones(len(at)), np.zeros(len(at))
    moved = [one, *[other] * (len(columns) - 1)]
    found = twin(name, text, compiled.program, compiled.wrt, columns, {"N": len(at)})
    calls = [
        ("forward", columns),
        ("reverse", [*columns, one]),
        ("tangent", [*columns, *moved]),
    ]
    return found._replace(calls=calls)


@needs_cc
def test_elementwise_primitives(tmp_path: Path) -> None:
    twins = []
    for number, (row, n) in enumerate(CASES):
        names, text = operands(row), expression(row, n)
        at = points(row)
        at += [edge.at for edge in (*row.edges, *row.kinks) if edge.n in (n, None)]
        at += itertools.product(EXTREME, repeat=len(names))
        shaped = ", ".join(f"{name}[N]" for name in names)
        twins.append(of_arrays(f"row{number}", f"param {shaped}\nv = {text}", at))
    agree(twins, tmp_path, 1e-13)


@needs_cc
def test_signs_of_zeros(tmp_path: Path) -> None:
    twins = []
    for number, (row, n) in enumerate(CASES):
        if row.name in SIGNED:
            names = operands(row)
            at = list(itertools.product(ZEROS, repeat=len(names)))
            shaped = ", ".join(f"{name}[N]" for name in names)
            text = f"param {shaped}\nv = {expression(row, n)}"
            twins.append(of_arrays(f"zero{number}", text, at))
    assert len(twins) >= len(SIGNED)
    agree(twins, tmp_path, 1e-13, signed=True)


@needs_cc
def test_conditions(tmp_path: Path) -> None:
    at = list(itertools.product((0.0, -0.0, 1.0, 2.0, inf, nan), repeat=2))
    twins = []
    for number, text in enumerate(LOGIC.values()):
        body = f"v = 3*x if {text} else y*y"
        twins.append(of_arrays(f"logic{number}", f"param x[N], y[N]\n{body}", at))
    agree(twins, tmp_path, 1e-13)


@needs_cc
@pytest.mark.parametrize("fixed", [False, True])
def test_arrays(fixed: bool, tmp_path: Path) -> None:
    """With sizes as parameters, and with sizes that the file is made for; second order too."""
    twins = []
    modules: dict[str, Twin] = {}
    for number, (name, sizes) in enumerate(ARRAY_CASES[:: 3 if fixed else 1]):
        compiled = gradc.compile(ARRAY_PROGRAMS[name])
        program = compiled.program
        data = data_for(compiled, sizes, 1)
        order = 1 if fixed or not program.is_scalar_valued else 2
        label, known = f"{name} {sizes}", sizes if fixed else None
        if name not in modules or fixed:
            own = twin(f"a{number}", label, program, compiled.wrt, data, sizes, order, known)
            modules[name] = own
        wrt = program.wrt()
        twins.append(called_with(modules[name], label, program, wrt, data, sizes))
    agree(twins, tmp_path, 1e-11)
