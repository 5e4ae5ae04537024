"""What C calls for every elementwise row: accuracy, edges, and the same bits in every place.

The table is iterated, so a new row is tested by being there.  Bounds are in units in the last
place; where one is above 1, `docs/c_accuracy.md` says so.
"""

from __future__ import annotations

import itertools
import math
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_compiling import CC, needs_cc
from c_functions import Case, Functions
from mpmath import mp
from test_primitives import CASES, SIGNED, module, reference
from test_python_helpers import ACCURACY, EDGES, both_signs, magnitudes, sample

from gradc.ops.table import PRIMITIVES

pytestmark = [needs_cc, pytest.mark.usefixtures("named_rows")]

# Bounds above one unit in the last place.
BOUNDS = {
    **dict.fromkeys(("ipow", "expm1", "log1pexp", "tanh", "asinh", "acosh", "atanh"), 2.0),
    **dict.fromkeys(("erf", "asin", "acos", "atan2"), 1.5),
    **dict.fromkeys(("sigmoid", "sigmoid_tail", "tanh_part", "sinh", "cosh", "tan"), 2.5),
    **dict.fromkeys(("cbrt", "erfc"), 4.0),
    **dict.fromkeys(("lgamma", "polygamma"), 8.0),
}
SINGLE_BOUNDS = {"sigmoid": 2.5, "log1pexp": 2.0, "tanh": 2.0, "expm1": 1.5}
SINGLE_BOUNDS |= {"sigmoid_tail": 2.5, "tanh_part": 2.5}
RELATIVE_TO_1 = ("lgamma", "polygamma")  # near zeros of these, units of 1 are counted

# What runs one number after the other.
ONE_BY_ONE = ("floordiv", "mod", "cbrt", "lgamma", "polygamma")

# Points beside those of `ACCURACY`.
EVERY = both_signs([*magnitudes(), *sample(0, 40), 5e-324, 1e-310])
WIDER = dict.fromkeys(("tanh", "asinh", "atan", "abs", "sign", "relu", "floor", "ceil"), EVERY)
WIDER |= {"lgamma": [*sample(-20, 30, 150), *magnitudes(-300, 2)]}
WIDER_PAIRS = {
    "atan2": list(zip(EVERY, reversed(EVERY), strict=True)),
    "hypot": list(zip(EVERY, reversed(EVERY), strict=True)),
    "pow": list(zip(magnitudes(-300, 300), sample(-1.5, 1.5), strict=True)),
}

# Where results begin to overflow, or to be subnormal, or are 0.
LIMITS = [-745.1, -745.2, -746.0, -708.3, -708.5, -700.0, 709.7, 709.8, 710.4, 710.6, 711.0]
LIMITS = [*LIMITS, 88.7, 88.8, 89.3, 89.5, -87.3, -87.4, -80.0, -103.9, -104.6, 26.5, 27.2, 27.3]

WHOLE = [-(2**63), -(2**63) + 1, -7, -3, -2, -1, 0, 1, 2, 3, 7, 2**53 + 1, 2**63 - 1]

REAL = [*CASES, *((PRIMITIVES["ipow"], n) for n in (-8, -5, 6, 7, 8))]
ROWS = {row.name: row for row, _ in REAL}
DOUBLES = [Case(row.name, n, np.float64) for row, n in REAL]
FLOATS = [Case(row.name, n, np.float32) for row, n in REAL]
WHOLES = [
    Case(name, None, np.int64)
    for name in ("add", "sub", "mul", "neg", "abs", "minimum", "maximum", "floordiv", "mod", "copy")
]


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Functions:
    return Functions([*DOUBLES, *FLOATS, *WHOLES], tmp_path_factory.mktemp("c"))


def case_id(value: Case) -> str:
    return value.label


def columns(case: Case) -> list[Any]:
    """Points of a row's domain, as one array for each operand."""
    row = ROWS[case.name]
    assert row.domain is not None
    rng = np.random.default_rng(len(case.name))
    found = [rng.uniform(low, high, 150) for low, high in row.domain.samples]
    if case.operands == 1:
        known = ACCURACY[case.name][1] if case.name in ACCURACY else WIDER.get(case.name, [])
        found = [np.concatenate([found[0], known])]
    elif case.name in WIDER_PAIRS:
        wider = np.array(WIDER_PAIRS[case.name]).T
        found = [np.concatenate(pair) for pair in zip(found, wider, strict=True)]
    with np.errstate(over="ignore"):
        cast = [np.asarray(column, case.dtype) for column in found]
    kept = np.all([np.isfinite(one) & (one != 0) for one in cast], axis=0)
    if case.name == "lgamma":
        kept &= (cast[0] > 0) | (cast[0] % 1 != 0)
    return [column[kept] for column in cast]


def units(found: float, exact: mp.mpf, dtype: Any) -> float:
    """The distance of a number from the exact value, in units in the last place of that."""
    with np.errstate(over="ignore"):
        rounded = dtype(float(exact))
    if not (np.isfinite(rounded) and np.isfinite(found)):
        return 0.0 if rounded == found else math.inf
    return float(abs(mp.mpf(float(found)) - exact) / mp.mpf(float(np.spacing(abs(rounded)))))


@pytest.mark.parametrize("case", [*DOUBLES, *FLOATS], ids=case_id)
def test_accuracy(case: Case, functions: Functions) -> None:
    given = columns(case)
    exactly = reference(ROWS[case.name], case.n)
    bounds = BOUNDS if case.dtype is np.float64 else SINGLE_BOUNDS
    worst = (0.0, ())
    with mp.workdps(340 if case.name in ("sin", "cos", "tan") else 50):
        for value, *at in zip(functions.lanes(case, *given), *given, strict=True):
            exact = exactly(*(mp.mpf(float(x)) for x in at))
            error = units(value, exact, case.dtype)
            if case.name in RELATIVE_TO_1:
                error *= min(1.0, abs(float(exact)))
            worst = max(worst, (error, tuple(map(float, at))))
    assert worst[0] <= bounds.get(case.name, 1.0), worst


@pytest.mark.parametrize("case", [*DOUBLES, *FLOATS, *WHOLES], ids=case_id)
def test_the_same_bits_in_every_place(case: Case, functions: Functions) -> None:
    """One by one and in vector registers, for lengths that are no multiple of their width."""
    given = grid(case)
    if case.dtype is not np.int64:
        given = [np.concatenate(pair) for pair in zip(given, columns(case), strict=True)]
    given = [column[: len(column) - 1 + len(column) % 2] for column in given]
    each, lanes = functions.each(case, *given), functions.lanes(case, *given)
    np.testing.assert_array_equal(lanes, each)
    np.testing.assert_array_equal(np.signbit(lanes[lanes == 0]), np.signbit(each[each == 0]))


def grid(case: Case) -> list[Any]:
    """Every combination of edges, and numbers of any bits: every exponent, NaN of every kind."""
    edges = WHOLE if case.dtype is np.int64 else EDGES
    points = list(itertools.product(edges, repeat=case.operands))
    chosen = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        columns = [np.array(column).astype(case.dtype) for column in zip(*points, strict=True)]
        if case.dtype is np.int64:
            return columns
        bits = np.uint32 if case.dtype is np.float32 else np.uint64
        largest = np.iinfo(bits).max
        any_bits = [chosen.integers(0, largest, 400, bits).view(case.dtype) for _ in columns]
        limits = np.array(LIMITS, case.dtype)
        return [np.concatenate([*pair, limits]) for pair in zip(columns, any_bits, strict=True)]


@pytest.mark.parametrize("case", DOUBLES, ids=case_id)
def test_edges_are_those_of_the_numpy_target(case: Case, functions: Functions) -> None:
    row = ROWS[case.name]
    given = grid(case)
    allowed = 32 if case.name in RELATIVE_TO_1 else 4  # Python's own lgamma is 15 off at 1.5
    with np.errstate(all="ignore"):
        expected, _ = module(row, case.n, "arrays")["forward"](*given)
    least = 1.0 if case.name in RELATIVE_TO_1 else 0.0
    for value, exact, *at in zip(functions.each(case, *given), expected, *given, strict=True):
        ulp = np.spacing(max(abs(exact), least))
        same = value == exact or (np.isnan(value) and np.isnan(exact))
        close = np.isfinite(exact) and abs(value - exact) <= allowed * ulp
        assert same or close, (at, value, exact)
        unknown = case.name in ("minimum", "maximum") and case.name not in SIGNED
        assert unknown or value != 0 or np.signbit(value) == np.signbit(exact), (at, value, exact)


@pytest.mark.parametrize("case", [case for case in DOUBLES if ROWS[case.name].edges], ids=case_id)
def test_edges_of_the_row(case: Case, functions: Functions) -> None:
    for edge in (*ROWS[case.name].edges, *ROWS[case.name].kinks):
        if edge.n == case.n:
            (found,) = functions.each(case, *([x] for x in edge.at))
            np.testing.assert_allclose(found, edge.value, rtol=1e-15)
            if edge.value == 0:
                assert np.signbit(found) == np.signbit(edge.value)


@pytest.mark.parametrize("case", WHOLES, ids=case_id)
def test_whole_numbers(case: Case, functions: Functions) -> None:
    given = grid(case)
    function = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "neg": np.negative}
    by_name = {"abs": np.abs, "floordiv": np.floor_divide, "mod": np.mod, "copy": np.copy}
    by_numpy = (function | by_name).get(case.name) or getattr(np, case.name)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(functions.each(case, *given), by_numpy(*given))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads the code of this processor")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump")
def test_loops_run_in_vector_registers(functions: Functions) -> None:
    """Each loop computes in them, and calls nothing but versions for whole registers."""
    assert CC is not None
    version = subprocess.run([CC, "--version"], capture_output=True, text=True, check=True)
    if "Free Software Foundation" not in version.stdout:
        pytest.skip("what GCC makes of them")
    command = ["objdump", "-d", "--no-show-raw-insn", str(functions.path)]
    code = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    loops = dict(re.findall(r"<lanes_(\w+)>:\n(.*?)\n\n", code, re.S))
    for case in (*DOUBLES, *FLOATS):
        if case.name not in (*ONE_BY_ONE, "copy") and case.n != 1:
            loop = loops[case.label]
            assert re.search(r"\w+p[sd]\b", loop), case.label
            called = set(re.findall(r"call\w*\s+\w+ <([^@>]+)", loop))
            assert all(re.match("_ZGV|g_far", name) for name in called), (case.label, called)


def test_the_documentation_states_the_bounds() -> None:
    page = (Path(__file__).parents[1] / "docs" / "c_accuracy.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    stated = {name.strip("`"): (float(one), float(other)) for name, one, other, *_ in rows}
    exact = {"real"} | {row.name for row in ROWS.values() if row.exact is not None}
    for name in ROWS.keys() - exact - {"minimum", "maximum", "select"}:
        assert stated.pop(name) == (BOUNDS.get(name, 1.0), SINGLE_BOUNDS.get(name, 1.0)), name
    assert not stated


def test_every_row_is_spelled() -> None:
    assert all("c" in row.spell for row in PRIMITIVES.values() if row.elementwise)
