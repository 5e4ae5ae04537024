"""Patterns of Jacobians: nothing is lost, zeros are found, and few sweeps give every entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emitted_graphs import program_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import Case, programs
from test_batching import SIZES, equations

import gradc
from gradc.diagnostics import InputError
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, DType, Equation, Graph, Lit, Type, Var
from gradc.ir.program import Program
from gradc.ops.table import PRIMITIVES
from gradc.runtime import pattern as pattern_module
from gradc.runtime.bind import Bound, bind
from gradc.runtime.jacobian import dense_matrix
from gradc.runtime.matrix import Entries
from gradc.runtime.pattern import Pattern, jacobian_pattern
from gradc.runtime.products import gradient_program
from gradc.runtime.sparse import SparseJacobian, check
from gradc.runtime.sweeps import Sweeps
from gradc.sparsity.colouring import coloured
from gradc.sparsity.rules import RULES
from gradc.sparsity.sets import EMPTY, Sets, TooDenseError

# `particle` takes half a minute to a Jacobian of one number; `landing` has the same loop.
LONG = {"particle"}
EXAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "examples").glob("*.g") if path.stem not in LONG
)


def bound(program: Program, data: dict[str, Any]) -> Bound:
    return bind(program.inputs, data, program.requirements, program.source)


def jacobian_of(text: str, **data: Any) -> SparseJacobian:
    compiled = gradc.compile(text)
    here = bound(compiled.program, data)
    found = SparseJacobian.of(Sweeps(compiled.program, compiled.wrt, here), here)
    assert found is not None
    return found


def hessian_of(text: str, **data: Any) -> SparseJacobian:
    compiled = gradc.compile(text)
    here = bound(compiled.program, data)
    program = gradient_program(compiled.program, compiled.wrt)
    found = SparseJacobian.symmetric(Sweeps(program, compiled.wrt, here), here)
    assert found is not None
    return found


def drawn(found: SparseJacobian) -> list[str]:
    """The pattern as people draw it."""
    cells = np.full(found.shape, ".")
    cells[found.rows, found.columns] = "x"
    return ["".join(row) for row in cells]


def agrees(found: SparseJacobian) -> None:
    """The entries are those of the matrix by a sweep for each row or column, and all else is 0."""
    entries, dense = found.entries(), dense_matrix(found.sweeps)
    lost = np.isfinite(dense) & (dense != 0.0)
    lost[entries.rows, entries.columns] = False
    assert not lost.any()
    finite = np.isfinite(dense)  # elsewhere a seed of 0 times an infinite partial is NaN
    scale = np.abs(dense[finite]).max(initial=1.0)
    np.testing.assert_allclose(entries.dense()[finite], dense[finite], rtol=1e-7, atol=1e-9 * scale)


# Nothing is lost


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path):
    compiled = gradc.load(path)
    here = bound(compiled.program, json.loads(path.with_suffix(".json").read_text()))
    both = [SparseJacobian.of(Sweeps(compiled.program, compiled.wrt, here), here)]
    if compiled.program.is_scalar_valued:
        program = gradient_program(compiled.program, compiled.wrt)
        both.append(SparseJacobian.symmetric(Sweeps(program, compiled.wrt, here), here))
    for found in both:
        if found is not None:
            agrees(found)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(safe=True))
def test_random_programs(case: Case):
    compiled = gradc.compile(case.text)
    try:
        here = bound(compiled.program, case.data)
        found = SparseJacobian.of(Sweeps(compiled.program, compiled.wrt, here), here)
    except InputError:
        return
    if found is not None:
        agrees(found)
    if compiled.program.is_scalar_valued:
        program = gradient_program(compiled.program, compiled.wrt)
        second = SparseJacobian.symmetric(Sweeps(program, compiled.wrt, here), here)
        if second is not None and case.honest:
            agrees(second)


def applied(equation: Equation) -> tuple[Program, dict[str, Any]]:
    """A program of one equation, and numbers for it."""
    random = np.random.default_rng(1)
    inputs, before, data = [], [], {}
    for arg in equation.args:
        assert type(arg) is Var
        shape = tuple(dim.evaluate(SIZES) for dim in arg.type.shape)
        var = arg
        if arg.type.dtype is DType.BOOL:
            var = Var(f"{arg.name}_", arg.type._replace(dtype=DType.INT))
            before.append(Equation(arg, "ne", (var, Lit(0, INT))))
        inputs.append(var)
        real = var.type.dtype is DType.REAL
        data[var.name] = random.uniform(0.1, 0.4, shape) if real else random.integers(0, 2, shape)
        if real and len(shape) > 1 and shape[-1] == shape[-2]:
            data[var.name] = data[var.name] + 3 * np.eye(shape[-1])
    sized = Var("sized", Type(DType.INT, tuple(Dim.of(name) for name in SIZES)))
    data["sized"] = np.zeros(tuple(SIZES.values()), dtype=np.int64)
    graph = Graph("f", (*inputs, sized), (*before, equation), (equation.out,))
    return program_of(graph), data


@pytest.mark.parametrize("op", [name for name, row in PRIMITIVES.items() if not row.structured])
def test_every_row(op):
    """No row loses an entry; the pattern is exact where the row names a rule."""
    for equation in equations(op):
        program, data = applied(equation)
        if not program.wrt() or equation.out.type.dtype is not DType.REAL:
            continue
        here = Bound(SIZES, data)
        found = SparseJacobian.of(Sweeps(program, program.wrt(), here), here)
        assert found is not None
        agrees(found)
        if PRIMITIVES[op].pattern is not None:
            assert (found.entries().values != 0.0).all()


def test_every_linear_row_names_a_rule():
    """Tangents go through linear rows; one that names no rule makes everything dense."""
    linear = {name for name, row in PRIMITIVES.items() if row.transpose is not None}
    stated = {name: row.pattern for name, row in PRIMITIVES.items() if row.pattern is not None}
    assert stated.keys() == {name for name in linear if not PRIMITIVES[name].elementwise}
    assert set(stated.values()) == RULES.keys()


# Zeros are found


def test_elements_by_themselves():
    assert drawn(jacobian_of("param x[N], a\ny = a*sin(x)\n", x=[1, 2, 3], a=2)) == [
        "x..x",
        ".x.x",
        "..xx",
    ]


def test_a_stencil_with_its_edge():
    text = "param u[N]\nlap[i in N] = u[i-1] - 2*u[i] + u[i+1] if i > 0 and i < N-1 else u[i]\n"
    assert drawn(jacobian_of(text, u=np.ones(5))) == [
        "x....",
        "xxx..",
        ".xxx.",
        "..xxx",
        "....x",
    ]


def test_one_camera_and_one_point():
    text = """
    input c[P] in C, q[P] in M
    param cam[C, 2], X[M]
    def project(k[2], x) = k[0]*x + k[1]
    r[p] = project(cam[c[p]], X[q[p]])
    """
    found = jacobian_of(text, c=[0, 1, 1], q=[1, 0, 1], cam=np.ones((2, 2)), X=[1, 2])
    assert drawn(found) == ["xx...x", "..xxx.", "..xx.x"]


def test_blocks():
    text = "param A[K, 2, 2], b[K, 2]\nx[k] = solve(A[k], b[k])\n"
    found = jacobian_of(text, A=np.eye(2) + np.zeros((2, 1, 1)), b=np.ones((2, 2)))
    assert drawn(found) == ["xxxx....xx.."] * 2 + ["....xxxx..xx"] * 2


def test_rows_of_a_loop():
    text = """
    dim T = 3
    input k[T] in N
    param x[N], p
    loop t in T carry s = 0 {
        r[t] = p*x[k[t]] - s if t > 0 else x[t + 1]
        s = s + 1
    }
    output r
    """
    assert drawn(jacobian_of(text, k=[0, 3, 2], x=np.ones(4), p=1)) == [".x...", "...xx", "..x.x"]


def test_what_a_loop_carries():
    text = """
    dim T = 2
    param u[N]
    loop t in T carry v = u {
        v[i in N] = v[i] + v[i - 1] if i > 0 else v[i]
        y[t] = v[N - 1]
    }
    output y
    """
    assert drawn(jacobian_of(text, u=np.ones(5))) == ["...xx", "..xxx"]


def test_a_loop_whose_steps_do_the_same_is_gone_through_until_nothing_changes():
    text = """
    dim T = 1000000
    param u[N], a
    loop t in T carry v = u { v = a*v }
    output v
    """
    compiled = gradc.compile(text)
    here = bound(compiled.program, {"u": [1, 2], "a": 1})
    found = jacobian_pattern(compiled.program, compiled.wrt, here)
    assert found is not None
    assert [list(row) for row in zip(*found.places(), strict=True)] == [
        [0, 0], [0, 2], [1, 1], [1, 2],
    ]  # fmt: skip


def test_a_loop_that_ends_by_what_it_computes():
    text = """
    param x[N], s
    loop k in 10 carry v = x, e = s while e > 1 {
        v[i in N] = v[i]*v[0]
        e = e/2
    }
    output v
    """
    # No step may be run at another point: each depends on itself, and from then on on the first.
    found = jacobian_of(text, x=np.full(3, 1.5), s=0.5)
    assert drawn(found) == ["x...", "xx..", "x.x."]
    agrees(found)


def test_conditions():
    text = "input n[N]\nparam x[N], y[N]\nz[i] = x[i] if n[i] > 0 else y[i]\n"
    fixed = jacobian_of(text, n=[0, 1, 1], x=np.ones(3), y=np.ones(3))  # known before
    assert drawn(fixed) == ["...x..", ".x....", "..x..."]
    text = "param x[N], y[N]\nz[i] = x[i] if x[i] > 0 else y[i]\n"
    either = jacobian_of(text, x=np.ones(3), y=np.ones(3))  # may change with x
    assert drawn(either) == ["x..x..", ".x..x.", "..x..x"]


def test_an_index_that_depends_on_what_moves():
    text = "param x[N], y[N]\nk = argmax[i](x[i])\nz = concat(stack(y[k]), y)\n"
    found = jacobian_of(text, x=[1, 3, 2], y=np.ones(3))
    assert drawn(found) == ["...xxx", "...x..", "....x.", ".....x"]


def test_a_hessian():
    text = "param x[N]\nJ = sum((x[1:] - x[:N-1])^4) + sum(x)\n"
    assert drawn(hessian_of(text, x=[1, 2, 4, 8])) == ["xx..", "xxx.", ".xxx", "..xx"]
    assert drawn(hessian_of("param x[N]\nJ = sum(3*x)\n", x=[1, 2])) == ["..", ".."]


def test_the_pattern_holds_at_other_points():
    text = """
    input k[M] in N
    param x[N]
    y[m] = abs(x[k[m]])*relu(x[0])
    """
    compiled = gradc.compile(text)
    data = {"k": [1, 2], "x": np.array([-1.0, 0.0, 0.0])}
    found = jacobian_of(text, **data)
    for x in ([1.0, 2.0, -3.0], [2.0, 0.0, 1.0]):
        found.move(bound(compiled.program, {**data, "x": np.array(x)}))
        agrees(found)


# Few sweeps


ROW = np.linspace(1.0, 2.0, 40)
TABLE = [
    ("param x[N]\ny = sin(x)\n", {"x": ROW}, "reverse", 1),
    ("param x[N]\ny[i in N] = x[i]*x[i-1] if i > 0 else x[i]\n", {"x": ROW}, "reverse", 2),
    ("param x[N], a, b\ny = a*x + b\n", {"x": ROW, "a": 1, "b": 2}, "forward", 3),
    ("param x[N]\ny = concat(x^2, x^3, x^4)\n", {"x": ROW}, "forward", 1),
    ("param x[N]\ny = stack(sum(x^2), prod(x))\n", {"x": ROW}, "reverse", 2),
    ("param x[N]\ny = x*sum(x)\n", {"x": ROW}, "reverse", 40),
    (
        "param x[N]\ny[i in N] = x[i]*x[0] if i > 0 else sum(x^2)\n",
        {"x": ROW},
        "forward and reverse",
        3,
    ),
]


@pytest.mark.parametrize(("text", "data", "mode", "count"), TABLE)
def test_sweeps(text, data, mode, count):
    found = jacobian_of(text, **data)
    assert (found.mode, found.count) == (mode, count)
    agrees(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("J = sum((x[1:] - x[:N-1])^4)", 3),
        ("J = x[0]*sum(x^2)", 2),
        ("J = sum(x^3)", 1),
        ("J = sum(x)^3", 40),
        ("J = sum(x)", 0),
    ],
)
def test_sweeps_for_a_hessian(text, count):
    found = hessian_of(f"param x[N]\n{text}\n", x=ROW)
    assert found.count == count
    agrees(found)
    dense = found.entries().dense()
    np.testing.assert_array_equal(dense, dense.T)


@settings(deadline=None)
@given(st.lists(st.frozensets(st.integers(0, 11), max_size=5), max_size=15))
def test_colours(rows):
    lists = [sorted(row) for row in rows]
    starts = np.append(0, np.cumsum([len(row) for row in lists])).astype(np.int64)
    members = np.array([column for row in lists for column in row], dtype=np.int64)
    found = coloured(starts, members, 12)
    for row in lists:
        colours = found.of[row].tolist()
        assert len(set(colours)) == len(colours)
        assert all(0 <= colour < found.colours for colour in colours)
    used = set(members.tolist())
    assert all((found.of[column] >= 0) == (column in used) for column in range(12))
    assert found.colours >= max(map(len, lists), default=0)


# Sets


SET = st.frozensets(st.integers(0, 7))


@pytest.mark.parametrize("marks", [None, 0])
@settings(deadline=None)
@given(st.lists(st.tuples(SET, SET, SET), min_size=1, max_size=12))
def test_unions(marks, rows):
    """Also where all sets have equal marks, so that each must be compared."""
    sets = Sets(8, 10**6)
    if marks is not None:
        sets._marks[:] = marks
    given = [
        sets.merge(
            np.array([j + 1 for row in rows for j in row[k]], dtype=np.int64),
            np.array([i for i, row in enumerate(rows) for _ in row[k]], dtype=np.int64),
            len(rows),
        )
        for k in range(3)
    ]
    joined = sets.join(sets.join(given[0], given[1]), given[2])
    reduced = sets.reduce(np.stack(given), [0])
    total = int(sets.reduce(np.stack(given), [0, 1]))
    for i, row in enumerate(rows):
        expected = sorted(row[0] | row[1] | row[2])
        assert sets.columns(joined[[i]])[0].tolist() == expected
        assert sets.columns(reduced[[i]])[0].tolist() == expected
    assert sets.columns(np.array([total]))[0].tolist() == sorted(frozenset().union(*sum(rows, ())))
    if marks is None:
        np.testing.assert_array_equal(joined, reduced)  # equal sets have one number


def test_short_unions_are_free_and_long_ones_are_not():
    sets = Sets(200, 150)
    every = np.arange(1, 201)
    sets.reduce(every.reshape(100, 2), [1])
    with pytest.raises(TooDenseError):
        sets.reduce(every, [0])
    assert EMPTY == 0


# What is too much


def test_what_takes_too_long_has_no_pattern(monkeypatch):
    text = "dim T = 5000\nparam x[T], p\nloop t in T { r[t] = p*x[t] }\noutput r\n"
    compiled = gradc.compile(text)
    here = bound(compiled.program, {"x": np.ones(5000), "p": 1})
    assert jacobian_pattern(compiled.program, compiled.wrt, here) is not None
    monkeypatch.setattr(pattern_module, "longest", lambda sweeps: 1000)
    assert jacobian_pattern(compiled.program, compiled.wrt, here) is None


def test_functions_that_call_each_other_very_often_have_no_pattern():
    """Each function calls the one before it twice: 2^30 calls, which no one runs."""
    lines = ["def f0(x) = x*x"] + [
        f"def f{k}(x) = f{k - 1}(x) + f{k - 1}(-x)" for k in range(1, 31)
    ]
    compiled = gradc.compile("\n".join([*lines, "param x, y", "z = f30(x)*y"]))
    here = bound(compiled.program, {"x": 1, "y": 1})
    assert jacobian_pattern(compiled.program, compiled.wrt, here) is None


def test_a_pattern_that_is_too_large_is_none(monkeypatch):
    monkeypatch.setattr(pattern_module, "LARGEST", 100)
    compiled = gradc.compile("param x[N]\ny = x*sum(x)\n")
    here = bound(compiled.program, {"x": np.ones(11)})
    assert jacobian_pattern(compiled.program, compiled.wrt, here) is None


def test_nothing_to_differentiate_in():
    compiled = gradc.compile("input k[N] in N\ny[n] = 1.5*k[n]\nz = 1.5\noutput y, z\n")
    here = bound(compiled.program, {"k": [1, 0]})
    found = SparseJacobian.of(Sweeps(compiled.program, compiled.wrt, here), here)
    assert found is not None
    assert found.entries().shape == (3, 0)


# Every result is checked


def broken(text: str, **data: Any) -> tuple[Sweeps, Entries]:
    """The sweeps of a program, and its entries without the last one."""
    found = jacobian_of(text, **data)
    rows, columns, values, shape = found.entries()
    return found.sweeps, Entries(rows[:-1], columns[:-1], values[:-1], shape)


@pytest.mark.parametrize("mode", ["forward", "reverse", "forward and reverse"])
def test_an_entry_that_is_missing_is_noticed(mode):
    sweeps, entries = broken("param x[N], a\ny = x*sum(x)*a\n", x=[1, 2, 3], a=1)
    with pytest.raises(RuntimeError, match="row 2, column 3"):
        check(entries, sweeps, mode)


def test_rounding_is_no_fault():
    text = "param x[N]\ny[i] = 1e20*x[i] + x[i] - 1e20*x[i]\n"
    found = jacobian_of(text, x=[1.0, 2.0])
    entries = found.entries()
    for mode in ("forward", "reverse"):
        check(entries._replace(values=entries.values + 1.0), found.sweeps, mode)


def test_not_finite_is_no_fault():
    found = jacobian_of("param x[N]\ny[i in N] = sqrt(x[i]) + x[0]\n", x=[1.0, 0.0])
    assert found.entries().dense()[1, 1] == np.inf


def test_a_pattern_lists_its_places():
    found = Pattern(np.array([1, 0, 1]), np.array([0, 0, 2]), np.array([0, 3]), 4)
    rows, columns = found.places()
    assert (rows.tolist(), columns.tolist()) == ([0, 0, 2, 2], [0, 3, 0, 3])


def test_from_python():
    chain = gradc.compile("param x[N]\nJ = sum((x[1:] - x[:N-1])^2)\n")
    hessian = chain.sparse_hessian(x=[1, 2, 4])
    assert isinstance(hessian, Entries)
    np.testing.assert_array_equal(hessian.dense(), [[2, -2, 0], [-2, 4, -2], [0, -2, 2]])
    gradient = chain.sparse_jacobian(x=[1, 2, 4])
    assert (gradient.shape, gradient.values.tolist()) == ((1, 3), [-2, -2, 4])
