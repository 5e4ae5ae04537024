"""Single precision in C: the values of NumPy's single precision, to its rounding.

For every example, every row of the table, and programs with constants and integers.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_agreement import Twin, agree, twin
from c_compiling import needs_cc
from test_precision import DATA, EXAMPLES, EXTREME, INFINITE, PROGRAMS, rounded_data, single
from test_primitives import CASES, expression, operands, points

import gradc
from gradc.ir.program import Program
from gradc.runtime.bind import bind
from gradc.targets.c.emit import emit

pytestmark = pytest.mark.usefixtures("named_rows")

ROOT = Path(__file__).parents[1]

# Where the order of many sums, or a difference of large terms, decides more than the last digits.
LOOSE = {"black_scholes", "greeks", "landing", "newton_sqrt", "power_iteration"}


def of(name: str, program: Program, arguments: list[Any], sizes: dict[str, int]) -> Twin:
    program = single(program)
    return twin(name, name, program, program.wrt(), rounded_data(arguments), sizes)


@needs_cc
def test_examples(tmp_path: Path) -> None:
    for names, tolerance in ((set(EXAMPLES) - LOOSE - INFINITE, 3e-4), (LOOSE, 0.05)):
        twins = []
        for name in sorted(names):
            program = gradc.load(ROOT / "examples" / f"{name}.g").program
            text = (ROOT / "examples" / f"{name}.json").read_text(encoding="utf-8")
            bound = bind(program.inputs, json.loads(text))
            twins.append(of(name, program, list(bound.arrays.values()), bound.sizes))
        agree(twins, tmp_path / str(tolerance), tolerance)


@needs_cc
def test_elementwise_rows(tmp_path: Path) -> None:
    twins = []
    for number, (row, n) in enumerate(CASES):
        names, text = operands(row), expression(row, n)
        shaped = ", ".join(f"{name}[N]" for name in names)
        program = gradc.compile(f"param {shaped}\nv = {text}").program
        for i, point in enumerate(points(row)[:2]):
            given = [np.array([each]) for each in point]
            twins.append(of(f"row{number}_{i}", program, given, {"N": 1}))
    agree(twins, tmp_path, 2e-5)


@needs_cc
def test_extreme_arguments_of_exact_rows(tmp_path: Path) -> None:
    """Of what IEEE 754 determines, and nothing else: overflow, denormals, NaN."""
    twins = []
    exact = ("add", "sub", "mul", "div", "neg", "abs", "sign", "floor", "ceil", "sqrt", "relu")
    for number, (row, n) in enumerate(CASES):
        if row.name not in exact:
            continue
        names, text = operands(row), expression(row, n)
        shaped = ", ".join(f"{name}[N]" for name in names)
        program = gradc.compile(f"param {shaped}\nv = {text}").program
        at = list(itertools.product(EXTREME, repeat=len(names)))
        columns = [np.array(column) for column in zip(*at, strict=True)]
        for i in range(0, len(at), 5):
            given = [column[i : i + 1] for column in columns]
            twins.append(of(f"extreme{number}_{i}", program, given, {"N": 1}))
    agree(twins, tmp_path, 1e-6)


@needs_cc
def test_programs(tmp_path: Path) -> None:
    twins = []
    for number, text in enumerate(PROGRAMS.values()):
        program = gradc.compile(text).program
        bound = bind(program.inputs, {spec.name: DATA[spec.name] for spec in program.inputs})
        twins.append(of(f"text{number}", program, list(bound.arrays.values()), bound.sizes))
    agree(twins, tmp_path, 1e-5)


SUMS = """param u[N], v[M]
total = sum(u)
both = sum[i, j](u[i]*v[j])
length = norm(u)
output total, both, length
"""


@needs_cc
@pytest.mark.parametrize("threads", [1, 2])
def test_long_sums_lose_no_digits(threads: int) -> None:
    """A tenth has the same rounding error in each summand, and in single precision sums of many
    equal numbers are wrong in the third digit."""
    random = np.random.default_rng(1)
    u, v = np.full(2**21 + 7, 0.1, np.float32), random.random(300).astype(np.float32)
    exact, of_v = u.astype(float), v.astype(float).sum()
    compiled = gradc.compile(SUMS, engine="c", dtype="float32", threads=threads)
    total, both, length = compiled.forward(u=u, v=v)
    assert total == np.float32(exact.sum())
    assert both == pytest.approx(exact.sum() * of_v, rel=3e-7)
    assert length == np.float32(np.linalg.norm(exact))


def test_nothing_but_sums_is_of_double_precision() -> None:
    program = single(gradc.compile("param u[N]; J = 2*sum(exp(u))").program)
    text = emit(program, program.wrt()).text
    functions = text[text.index("// The value of J.") :]
    doubles = set(re.findall(r"\bdouble (?!\*)(\w+)", functions))
    assert {re.sub(r"_\d+$", "", name) for name in doubles} == {"J", "J_dot", "part", "own_part"}
