"""Long scalar functions in parts compute what they do whole, in functions of bounded length."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_agreement import agree, call, called, traces, twin
from c_compiling import built, needs_cc
from hypothesis import given
from nests_interpreter import OutOfRangeError, run
from programs import Case, programs
from test_generated_programs import sampled
from test_nests import calls_of, derivatives, seeds_for

import gradc
from benchmarks.compiling import program as long_program
from gradc.ir.graph import Graph
from gradc.nests import splitting
from gradc.nests.build import build
from gradc.nests.model import CallFunction, Element, Function, Let, Local, Stmt
from gradc.nests.splitting import split
from gradc.runtime.bind import bind
from gradc.targets.c.emit import emit

# Examples with many scalar statements, and with scalars between loops.
EXAMPLES = ("black_scholes", "circuit", "double_pendulum", "gmm", "lagrangian", "neuron", "polar")

BETWEEN = """\
input k in 4, q[3] in 4
param a, b, x[4]
u = a*b
v = u*u + x[k]
c = v > u and a < b
t = v if c else u/3
y[i] = t*x[i] + u
z = sum(y) + v
n = k*2 + q[1]
loop s in 3 carry h = z { h = h*a + u*s }
w = h*v + n
e = [w, u, h*t, z - v]
output w, e, y
"""


@pytest.fixture(params=[(0, 1), (0, 5), (8, 12)], ids=str)
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few operations."""
    longest, part = request.param
    monkeypatch.setattr(splitting, "LONGEST", longest)
    monkeypatch.setattr(splitting, "PART", part)


def parts_of(function: Function) -> list[Function]:
    return [stmt.function for stmt in function.body if isinstance(stmt, CallFunction)]


def same_results(graph: Graph, arguments: Sequence[Any], sizes: dict[str, int]) -> int:
    """The interpreter gives the same numbers, bit for bit; the number of parts."""
    whole = build("f", graph)
    function = split(whole, "f")
    try:
        expected = run(whole, arguments, sizes)
    except OutOfRangeError as error:
        with pytest.raises(OutOfRangeError, match=str(error)):
            run(function, arguments, sizes)
        return 0
    for one, other in zip(run(function, arguments, sizes), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    return len(parts_of(function))


@pytest.mark.usefixtures("small")
@sampled(25)
@given(programs())
def test_generated_programs(case: Case) -> None:
    program, graphs = derivatives(case.text)
    for graph, arguments, sizes in calls_of(program, graphs, case.data):
        same_results(graph, arguments, sizes)


@pytest.mark.usefixtures("small")
def test_statements_between_loops() -> None:
    _, graphs = derivatives(BETWEEN)
    random = np.random.default_rng(1)
    values: list[Any] = [2, np.array([1, 3, 0]), 0.7, 1.3, random.normal(size=4)]
    for graph in graphs:
        arguments = [*values, *seeds_for(graph, len(values), {})]
        assert same_results(graph, arguments, {}) > 0


def test_places_are_used_again() -> None:
    """Memory and the length of parts are bounded by what is alive, not by the program."""
    counts = []
    for equations in (1000, 2000, 4000):
        compiled = gradc.compile(chain(equations))
        function = split(build("f", compiled.graph), "f")
        parts = parts_of(function)
        assert len(parts) > equations * 2 / splitting.PART
        assert max(len(part.body) for part in parts) <= 3 * splitting.PART
        ((shared, _),) = function.scratch
        counts.append(shared.shape[0].constant)
    assert counts[0] == counts[1] == counts[2]


def chain(equations: int) -> str:
    """A program of which three quantities are alive at any time."""
    lines = ["v0 = a*b", "v1 = v0 + a", "v2 = v1*b"]
    lines += [f"v{i} = sin(v{i - 1})*0.5 + 0.2*v{i - 3}" for i in range(3, equations)]
    return "\n".join(lines)


def test_a_value_is_fetched_once_in_a_part_and_declared_before_it_is_read() -> None:
    compiled = gradc.compile(long_program(1500))
    function = split(build("f", compiled.graph), "f")
    for part in parts_of(function):
        declared: list[Local] = [stmt.local for stmt in part.body if isinstance(stmt, Let)]
        assert len(declared) == len(set(declared))
        for before, stmt in pairwise(part.body):
            if isinstance(before, Let) and isinstance(before.value, Element):
                assert reads(stmt, before.local) or isinstance(stmt, Let)


def reads(stmt: Stmt, local: Local) -> bool:
    return local in splitting._read((stmt,))


def test_short_functions_stay_whole() -> None:
    function = build("f", gradc.compile("u = a*b; J = u + sin(a)").graph)
    assert split(function, "f") is function


@needs_cc
def test_long_programs_in_c(tmp_path: Path) -> None:
    compiled = gradc.compile(chain(600))
    each = twin("long", "a long program", compiled.program, compiled.wrt, [0.3, 1.7], {}, order=2)
    assert "NOINLINE static void long_value_and_grad_part_2(" in each.text
    agree([each], tmp_path, 1e-11)


@needs_cc
def test_parts_share_truth_values_and_call_functions(tmp_path: Path) -> None:
    """Long functions of the library are called; what these use, and short ones, are in place."""
    steps = [f"x{i + 1} = exp(sin(x{i})*b) + log1pexp(x{i}) + a**x{i}/9" for i in range(30)]
    text = "\n".join(["param a, b", "x0 = a*b", *steps, "J = relu(x30)"])
    compiled = gradc.compile(text)
    each = twin("powers", text, compiled.program, compiled.wrt, [0.3, 0.2], {}, order=1)
    assert "const bool *RESTRICT shared" in each.text
    assert "G_CALLED double g_pow(" in each.text
    assert "G_INLINE double g_fma(" in each.text
    assert "G_INLINE double g_relu(" in each.text
    agree([each], tmp_path, 1e-10)


@needs_cc
@pytest.mark.usefixtures("small")
def test_examples_in_c(tmp_path: Path) -> None:
    twins = []
    folder = Path(__file__).parents[1] / "examples"
    for name in EXAMPLES:
        compiled = gradc.load(folder / f"{name}.g")
        data = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        bound = bind(compiled.program.inputs, data)
        arguments = list(bound.arrays.values())
        twins.append(twin(name, name, compiled.program, compiled.wrt, arguments, bound.sizes))
        twins.append(traces(f"{name}_whole", name, compiled.program, arguments, bound.sizes))
    compiled = gradc.compile(BETWEEN)
    given_values: list[Any] = [2, np.array([1, 3, 0]), 0.7, 1.3, np.arange(4.0)]
    twins.append(twin("between", "between", compiled.program, compiled.wrt, given_values, {}))
    assert any("_part_1(" in each.text for each in twins)
    agree(twins, tmp_path)


@needs_cc
def test_an_access_out_of_range_ends_all_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "LONGEST", 0)
    monkeypatch.setattr(splitting, "PART", 3)
    text = "input k in 3\nparam x[3], a\nu = a*a + sin(a)\nv = u*x[k - 2]\nJ = v*u + a"
    compiled = gradc.compile(text)
    arguments = [0, np.ones(3), 0.5]
    each = twin("fault", "fault", compiled.program, compiled.wrt, arguments, {})
    library = built([each.text], tmp_path)
    expected = called(each)[0]
    found = call(library, each.entries["forward"], arguments, {})
    assert isinstance(found, tuple)
    assert found[1:] == (-2, 3)
    assert "index -2" in expected.message


@needs_cc
def test_many_results_of_a_long_program(tmp_path: Path) -> None:
    """The function that copies them is not optimised, which would take long."""
    program = gradc.compile(chain(400)).program
    each = traces("copies", "a long trace", program, [0.3, 1.7], {})
    assert "\nUNOPTIMISED\nint copies_trace(" in each.text
    agree([each], tmp_path, 1e-11)
    assert "UNOPTIMISED" not in emit(program, program.wrt()).text


def test_the_text_is_the_same_each_time() -> None:
    text = long_program(600)
    one, other = (gradc.compile(text) for _ in range(2))
    assert emit(one.program, one.wrt).text == emit(other.program, other.wrt).text
