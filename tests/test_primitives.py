"""Every primitive of the table: its value and its derivatives, in every style and both modes.

The table is iterated, so a new row is tested by being there.  Values and partials are those
of real programs: text is compiled, and the emitted code is called.  Three kinds of module are
tried: one of scalars (`math`), one of arrays (NumPy), and scalars in a module of arrays.
"""

from __future__ import annotations

import itertools
import math
import platform
import random
from collections.abc import Sequence
from functools import cache
from math import inf, nan
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp
from numeric import Functions, functions_of, functions_of_graph, inner, same, verify_all

import gradc
from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.frontend.functions import FUNCTIONS
from gradc.ir.graph import DType
from gradc.ops.primitive import Edge, Primitive
from gradc.ops.table import PRIMITIVES

KINDS = ("scalars", "scalars beside arrays", "arrays")
MODES = ("forward", "reverse")
READS_LISTS = {"checked", "gather"}  # what modules of scalars know of arrays
TOLERANCE = 1e-12

# The parameter of those that have one.
ORDERS = {"ipow": range(-3, 6), "polygamma": range(4)}

# How those rows are written that are not functions under their own name.
WRITTEN = {
    "add": "x + y",
    "sub": "x - y",
    "mul": "x * y",
    "div": "x / y",
    "neg": "-x",
    "pow": "x ** y",
    "ipow": "x ** {n}",
    "polygamma": "polygamma({n}, x)",
    "floordiv": "x // y",
    "mod": "x % y",
    "copy": "x",
}

ELEMENTWISE = [row for row in PRIMITIVES.values() if row.elementwise and row.constant is None]
SAMPLED = [row for row in ELEMENTWISE if row.name not in ("select", "real")]
KINKED = {"abs", "sign", "relu", "floor", "ceil", "minimum", "maximum", "hypot", "floordiv", "mod"}
KINKED |= {"sigmoid_tail", "tanh_part"}
# Rows whose zeros have the sign that IEEE 754 determines, or the row; of the rest, libraries
# disagree, and so does NumPy of `minimum` and `maximum` on processors other than x86.
SIGNED = {"add", "sub", "mul", "div", "neg", "abs", "sign", "floor", "ceil", "sqrt", "copy", "relu"}
if platform.machine().lower() in ("x86_64", "amd64"):
    SIGNED |= {"minimum", "maximum"}
ZEROS = (0.0, -0.0, 0.25, -0.25)
CASES = [(row, n) for row in SAMPLED for n in ORDERS.get(row.name, (None,))]


pytestmark = pytest.mark.usefixtures("named_rows")


def case_id(value: object) -> str:
    return value.name if isinstance(value, Primitive) else "" if value is None else str(value)


def operands(row: Primitive) -> tuple[str, ...]:
    assert row.domain is not None
    return ("x", "y")[: len(row.domain.samples)]


def expression(row: Primitive, n: int | None) -> str:
    written = WRITTEN.get(row.name, f"{row.name}({', '.join(operands(row))})")
    return written.format(n=n)


@cache
def module(row: Primitive, n: int | None, kind: str, wrt: str | None = None) -> Functions:
    """The module of `v = primitive(x, y)` in one of the three kinds."""
    shape = "[N]" if kind == "arrays" else ""
    declared = ", ".join(f"{name}{shape}" for name in operands(row))
    extra = "input k[M]\n" if kind == "scalars beside arrays" else ""
    text = f"param {declared}\n{extra}v = {expression(row, n)}"
    assert ("import numpy" in gradc.compile(text).python) == (kind != "scalars")
    return functions_of(text, None if wrt is None else [wrt])


def arguments(kind: str, at: Sequence[Any]) -> list[Any]:
    if kind == "arrays":
        return [np.asarray([number]) for number in at]
    return [*at, np.zeros(2)] if kind == "scalars beside arrays" else list(at)


def value_at(row: Primitive, n: int | None, kind: str, at: Sequence[float]) -> float:
    value, _ = module(row, n, kind)["forward"](*arguments(kind, at))
    return float(np.ravel(value)[0])


def partials_at(
    row: Primitive, n: int | None, kind: str, mode: str, at: Sequence[float]
) -> list[float]:
    """The partials at one point, from one call of `reverse`, or of a `tangent` for each operand.

    In forward mode only one operand moves: a tangent along several directions adds them up.
    """
    given, one = arguments(kind, at), np.ones(1) if kind == "arrays" else 1.0
    if mode == "reverse":
        functions = module(row, n, kind)
        _, saved = functions["forward"](*given)
        return [float(np.ravel(g)[0]) for g in functions["reverse"](saved, one)]
    tangents = [module(row, n, kind, name)["tangent"](*given, one)[1] for name in operands(row)]
    return [float(np.ravel(tangent)[0]) for tangent in tangents]


def points(row: Primitive) -> list[tuple[float, ...]]:
    """Points of the row's domain, always the same ones."""
    assert row.domain is not None
    chosen = random.Random(row.name)
    return [tuple(chosen.uniform(*interval) for interval in row.domain.samples) for _ in range(12)]


def reference(row: Primitive, n: int | None) -> Any:
    assert row.reference is not None
    code = compile(row.reference, row.name, "eval")

    def function(x: Any, y: Any = None) -> Any:
        return eval(code, {"mp": mp, "min": min, "max": max, "x": x, "y": y, "n": n})

    return function


def derivative(
    row: Primitive, n: int | None, at: Sequence[float], orders: tuple[int, ...]
) -> float:
    """A partial derivative of the reference, to far more digits than a double has."""
    with mp.workdps(60):
        where = [mpmath.mpf(number) for number in at]
        function = reference(row, n)
        if len(where) == 1:
            return float(mp.diff(function, where[0], orders[0], h=mpmath.mpf("1e-12")))
        return float(mp.diff(function, where, orders, h=mpmath.mpf("1e-12")))


# What a row states


@pytest.mark.parametrize("row", PRIMITIVES.values(), ids=case_id)
def test_a_row_is_documented_and_spelled(row: Primitive) -> None:
    assert row.doc.endswith(".")
    assert "numpy" in row.spell
    of_scalars = row.elementwise or row.structured is not None or row.name in READS_LISTS
    assert ("python" in row.spell) == of_scalars


@pytest.mark.parametrize("row", SAMPLED, ids=case_id)
def test_a_row_states_what_tests_need(row: Primitive) -> None:
    assert row.reference is not None
    assert row.domain is not None
    assert row.edges
    assert bool(row.kinks) == (row.name in KINKED)
    for edge in (*row.edges, *row.kinks):
        assert len(edge.at) == len(row.domain.samples)
        assert (edge.n is None) == (row.name not in ORDERS)


def test_every_row_is_tested_in_one_of_the_ways() -> None:
    tested = {row.name for row in SAMPLED} | LOGIC.keys() | {"real"} | primitives_in(ARRAY_PROGRAMS)
    tested |= {row.name for row in PRIMITIVES.values() if row.structured}
    tested |= INDEXING | {"rejection"}  # in test_indexing; in second derivatives of the norm
    assert tested == PRIMITIVES.keys()


# Inside the domain


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("row", "n"), CASES, ids=case_id)
def test_value(row: Primitive, n: int | None, kind: str) -> None:
    for at in points(row):
        with mp.workdps(60):
            expected = float(reference(row, n)(*map(mpmath.mpf, at)))
        assert value_at(row, n, kind, at) == pytest.approx(expected, rel=TOLERANCE, abs=1e-15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("row", "n"), CASES, ids=case_id)
def test_partials(row: Primitive, n: int | None, kind: str, mode: str) -> None:
    arity = len(operands(row))
    for at in points(row):
        found = partials_at(row, n, kind, mode, at)
        for i in range(arity):
            expected = derivative(row, n, at, tuple(int(i == j) for j in range(arity)))
            assert found[i] == pytest.approx(expected, rel=TOLERANCE, abs=1e-15)


@pytest.mark.parametrize("way", ["forward of reverse", "reverse of reverse", "reverse of forward"])
@pytest.mark.parametrize("array", [False, True], ids=["scalars", "arrays"])
@pytest.mark.parametrize(("row", "n"), CASES, ids=case_id)
def test_second_derivatives(row: Primitive, n: int | None, array: bool, way: str) -> None:
    names = operands(row)
    shape = "[N]" if array else ""
    declared = ", ".join(name + shape for name in names)
    program = gradc.compile(f"param {declared}\nv = {expression(row, n)}")
    samples = points(row)[:5]
    columns = [np.array(column) for column in zip(*samples, strict=True)]
    given: list[Any] = columns if array else [float(column[0]) for column in columns]
    found = hessian(program, way, names, given)
    for k, at in enumerate(samples if array else samples[:1]):
        for i, j in np.ndindex(len(names), len(names)):
            orders = [0] * len(names)
            orders[i] += 1
            orders[j] += 1
            expected = derivative(row, n, at, tuple(orders))
            assert np.ravel(found[i][j])[k] == pytest.approx(expected, rel=1e-11, abs=1e-13)


def hessian(program: gradc.Compiled, way: str, names: Sequence[str], given: list[Any]) -> Any:
    """`h[i][j]`, elementwise, by differentiating a derivative graph once more."""
    units = [
        [np.ones_like(g) if i == j else np.zeros_like(g) for j, g in enumerate(given)]
        for i in range(len(given))
    ]
    one = np.ones_like(given[0])
    inner_mode, outer_mode = way.split(" of ")[1], way.split(" of ")[0]
    if inner_mode == "reverse":
        backwards = vjp(program.graph, program.wrt)
        graph = gradient_graph(backwards.graph, backwards.adjoints)
        functions = functions_of_graph(graph, names)
        rows = [([*given, one], units[i]) for i in range(len(given))]
        if outer_mode == "forward":
            columns = [functions["tangent"](*at, *unit)[1] for at, unit in rows]
            each = [c if isinstance(c, tuple) else (c,) for c in columns]
            return [[each[j][i] for j in range(len(given))] for i in range(len(given))]
        return [functions["reverse"](functions["forward"](*at)[1], *unit) for at, unit in rows]
    forwards = jvp(program.graph, program.wrt)
    graph = gradient_graph(forwards.graph, forwards.tangents)
    functions = functions_of_graph(graph, names)
    return [
        functions["reverse"](functions["forward"](*given, *units[i])[1], one)
        for i in range(len(given))
    ]


def gradient_graph(graph: Any, outputs: Sequence[Any]) -> Any:
    from dataclasses import replace

    return replace(graph, outputs=tuple(outputs))


# At edges and kinks


POINTS = [(row, edge) for row in SAMPLED for edge in (*row.edges, *row.kinks)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("row", "edge"), POINTS, ids=lambda v: case_id(v) if isinstance(v, Primitive) else str(v.at)
)
def test_edges_and_kinks(row: Primitive, edge: Edge, kind: str) -> None:
    value = value_at(row, edge.n, kind, edge.at)
    assert same(value, edge.value, 4e-16)
    if edge.value == 0 and (row.name in SIGNED or row.name not in ("minimum", "maximum")):
        assert math.copysign(1, value) == math.copysign(1, edge.value)
    for mode in MODES:
        found = partials_at(row, edge.n, kind, mode, edge.at) if edge.partials else []
        for partial, expected in zip(found, edge.partials, strict=True):
            assert expected is None or same(partial, expected, 4e-16), mode


EXTREME = (nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 5e-324, 1e308, -1e308, 0.5, -2.0, 3.0)


@pytest.mark.parametrize(("row", "n"), CASES, ids=case_id)
def test_all_kinds_and_modes_agree_at_extreme_arguments(row: Primitive, n: int | None) -> None:
    """Whatever the arguments, nothing is raised, and every module gives the same numbers."""
    arity = len(operands(row))
    for at in [
        (x, *rest) for x in EXTREME for rest in ([()] if arity == 1 else [(y,) for y in EXTREME])
    ]:
        values = {kind: value_at(row, n, kind, at) for kind in KINDS}
        first = values["scalars"]
        assert all(same(value, first, 1e-14) for value in values.values()), (at, values)
        found = {(k, m): partials_at(row, n, k, m, at) for k in KINDS for m in MODES}
        lead = found["scalars", "reverse"]
        for where, partials in found.items():
            assert all(map(same, partials, lead, [1e-13] * arity)), (at, where, partials, lead)


# Truth values, selection and conversion


LOGIC = {
    "lt": "x < y",
    "le": "x <= y",
    "gt": "x > y",
    "ge": "x >= y",
    "eq": "x == y",
    "ne": "x != y",
    "and": "x > 0 and y > 0",
    "or": "x > 0 or y > 0",
    "not": "not x > y",
    "select": "y > x",
}


@pytest.mark.parametrize("array", [False, True], ids=["scalars", "arrays"])
@pytest.mark.parametrize("name", LOGIC)
def test_conditions(name: str, array: bool) -> None:
    """A condition takes the branch that Python would, and passes its derivative alone."""
    shape = "[N]" if array else ""
    text = f"param x{shape}, y{shape}\nv = 3*x if {LOGIC[name]} else 5*y"
    functions = functions_of(text)
    assert name in {eq.op for eq in gradc.compile(text).graph.equations}
    for x in EXTREME:
        for y in EXTREME:
            taken = eval(LOGIC[name], {"x": x, "y": y})
            given = [np.array([x]), np.array([y])] if array else [x, y]
            seed = np.ones(1) if array else 1.0
            value, saved = functions["forward"](*given)
            assert same(float(np.ravel(value)[0]), 3 * x if taken else 5 * y)
            slopes = [float(np.ravel(g)[0]) for g in functions["reverse"](saved, seed)]
            assert slopes == ([3.0, 0.0] if taken else [0.0, 5.0])


@pytest.mark.parametrize("data", [("k", 2), ("k[N]", [1, 0, 2])])
def test_integers_become_reals(data: tuple[str, Any]) -> None:
    declared, value = data
    expression = "sum(k / 2)" if "[" in declared else "k / 2"
    program = gradc.compile(f"input {declared} in 9, x\nJ = x * {expression}")
    assert "real" in {eq.op for eq in program.graph.equations}
    assert program.value_and_grad(k=value, x=4)[1] == {"x": np.sum(value) / 2}


INDEXING = {"gather", "scatter_add", "iota", "checked", "any", "all", "argmax", "argmin"}

# Arrays: programs that together use every other primitive

ARRAY_PROGRAMS = {
    "broadcast": "param s\ninput t[N]\nv = concat(ones(N)*s, t)",
    "fill": "param s, x[N]\nv = stack(x, x*s, ones(N))",
    "transpose": "param A[N,M]\nv = A.T @ A",
    "reshape": "param A[N,M]\nv = reshape(A, M, N) * 2",
    "index": "param x[N]\nv = stack(x[0], x[N-1], x[1])",
    "slices": "param A[N,M]\nv = A[1:, :M-1] * A[:N-1, 1:]",
    "rows": "param A[N,M]\nv = A[0]*A[N-1]",
    "columns": "param A[N,M]\nv = A[:, 1] + A[:, 0]**2",
    "concat": "param A[N,M], B[K,M]\nv = concat(A, B, A)**2",
    "stack": "param x[N], y[N]\nv = stack(x, y*x, x)",
    "literal": "param a, b\nv = [[a, b], [b*a, 2]] @ [a, 3]",
    "diagonal": "param A[N,N]\nv = diag(A) * diag(A)",
    "diagonal matrix": "param x[N], A[N,N]\nv = A @ diag(x*x)",
    "trace": "param A[N,N]\nv = trace(A @ A)",
    "eye": "param A[N,N]\nv = A @ eye(N) + eye(N)",
    "sum": "param A[N,M]\nv = sum(A*A)",
    "mean": "param x[N]\nv = mean(x*x) * x",
    "var": "param x[N]\nv = var(x)",
    "dot": "param x[N], y[N]\nv = dot(x, y*x)",
    "outer": "param x[N], y[M]\nv = outer(x, y) * outer(x*x, y)",
    "matrix vector": "param A[N,M], x[M]\nv = A @ x",
    "vector matrix": "param A[N,M], x[N]\nv = x @ A",
    "matrix matrix": "param A[N,M], B[M,K]\nv = A @ B",
    "vector vector": "param x[N], y[N]\nv = x @ y",
    "max": "param x[N]\nv = max(x) * x",
    "min": "param A[N,M]\nv = min(A)",
    "max of several": "param x[N], y[N], s\nv = max(x, y, s)",
    "min of several": "param x[N], y[N], s\nv = min(x, s, y, 2)",
    "prod": "param x[N]\nv = prod(x)",
    "prod of a matrix": "param A[N,M]\nv = prod(A)",
    "norm": "param x[N]\nv = norm(x) * x",
    "norm of a matrix": "param A[N,M]\nv = norm(A)",
    "logsumexp": "param x[N]\nv = logsumexp(x)",
    "logsumexp of a matrix": "param A[N,M]\nv = logsumexp(A*2)",
    "softmax": "param x[N]\nv = softmax(x)",
    "where": "param x[N], y[N], s\nv = where(x > y, x*y, s*x)",
    "where by a scalar": "param x[N], y[N], s\nv = x*y if s > 0 else y",
    "solve": "param A[N,N], y[N]\nv = solve(A + 9*eye(N), y*y)",
    "solve for a matrix": "param A[N,N], B[N,M]\nv = solve(A + 9*eye(N), B)",
    "inv": "param A[N,N]\nv = inv(A + 9*eye(N))",
    "det": "param A[N,N]\nv = det(A)",
    "cofactors": "param A[N,N]\nv = cofactors(A)",
    "prod_others": "param x[N]\nv = prod_others(x)",
    "scatter_add": "input k[M] in N\nparam A[M,N]\nv = scatter_add(A, k, N)",
    "scatter_add by pairs": "input k[M] in N, l[M] in 1\nparam x[M], y[N]\n"
    "v = scatter_add(x, k, l, N, 2)",
    "logdet": "param A[N,N]\nv = logdet(A + 9*eye(N))",
    "cholesky": "param A[N,N]\nv = cholesky(A + 9*eye(N))",
    "scalar operands": "param x[N], s, t\nv = (s*x + t) / (x*x + s*s + 1)",
    "scalar powers": "param x[N], s\nv = (x*x + 1)**s + (s*s + 1)**x",
    "scalar maximum": "param x[N], s\nv = maximum(x, s) * minimum(s, x)",
}
LEAST = {"mean": 1, "var": 1, "index": 2, "columns": 2, "slices": 1, "rows": 1}
SIZES = [
    {"N": 0, "M": 0, "K": 0},
    {"N": 1, "M": 1, "K": 1},
    {"N": 2, "M": 3, "K": 0},
    {"N": 3, "M": 2, "K": 1},
    {"N": 4, "M": 5, "K": 2},
]
ARRAY_CASES = [
    (name, sizes)
    for name in ARRAY_PROGRAMS
    for sizes in SIZES
    if min(sizes["N"], sizes["M"]) >= LEAST.get(name, 0)
]


def primitives_in(programs: dict[str, str]) -> set[str]:
    """The primitives of programs and of their derivatives."""
    found = set()
    for text in programs.values():
        compiled = gradc.compile(text)
        for graph in (compiled.graph, vjp(compiled.graph, compiled.wrt).graph):
            found |= {eq.op for eq in graph.equations}
            verify_all(graph, compiled.wrt)
    return {name for name in found if not PRIMITIVES[name].elementwise}


def data_for(
    compiled: gradc.Compiled, sizes: dict[str, int], seed: int, of: Any = None
) -> list[Any]:
    random_numbers = np.random.default_rng(seed)
    variables = compiled.graph.inputs if of is None else of
    shapes = [tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in variables]
    numbers = [
        random_numbers.normal(size=shape) if shape else float(random_numbers.normal())
        for shape in shapes
    ]
    return [
        number if var.type.dtype is DType.REAL else np.zeros(np.shape(number), np.int64)
        for var, number in zip(variables, numbers, strict=True)
    ]


@pytest.mark.parametrize(("name", "sizes"), ARRAY_CASES, ids=str)
def test_both_modes_are_one_linear_map(name: str, sizes: dict[str, int]) -> None:
    """`<J v, w> == <v, J^T w>`, for any direction v and any weights w."""
    compiled = gradc.compile(ARRAY_PROGRAMS[name])
    functions = functions_of(ARRAY_PROGRAMS[name])
    given = data_for(compiled, sizes, 1)
    moved = data_for(compiled, sizes, 2, compiled.wrt)
    weights = data_for(compiled, sizes, 3, compiled.graph.outputs)
    value, saved = functions["forward"](*given)
    again, tangent = functions["tangent"](*given, *moved)
    adjoints = functions["reverse"](saved, *weights)
    np.testing.assert_array_equal(value, again)
    assert np.shape(value) == np.shape(tangent) == np.shape(weights[0])
    for var, adjoint, direction in zip(compiled.wrt, adjoints, moved, strict=True):
        assert np.shape(adjoint) == np.shape(direction), var
    left, scale = inner([tangent], weights)
    right, other = inner(moved, adjoints)
    assert left == pytest.approx(right, rel=0, abs=1e-13 * max(scale, other))


@pytest.mark.parametrize(("name", "sizes"), ARRAY_CASES, ids=str)
def test_tangents_are_limits_of_differences(name: str, sizes: dict[str, int]) -> None:
    compiled = gradc.compile(ARRAY_PROGRAMS[name])
    functions = functions_of(ARRAY_PROGRAMS[name])
    given = data_for(compiled, sizes, 4)
    moved = data_for(compiled, sizes, 5, compiled.wrt)
    places = [compiled.graph.inputs.index(var) for var in compiled.wrt]

    def value(step: float) -> Any:
        shifted = list(given)
        for place, direction in zip(places, moved, strict=True):
            shifted[place] = given[place] + step * direction
        return np.asarray(functions["forward"](*shifted)[0])

    _, tangent = functions["tangent"](*given, *moved)
    if not np.all(np.isfinite(value(0.0))):
        assert not sizes["N"]  # the logarithm, or the largest, of nothing is a constant
        np.testing.assert_array_equal(tangent, np.zeros_like(tangent))
        return
    np.testing.assert_allclose(tangent, richardson(value), rtol=1e-8, atol=1e-8)


def richardson(value: Any, step: float = 1e-3) -> Any:
    """The derivative at 0 from central differences, extrapolated twice."""
    d = [(value(h) - value(-h)) / (2 * h) for h in (step, step / 2, step / 4)]
    e = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
    return (16 * e[1] - e[0]) / 15


@pytest.mark.parametrize("name", ARRAY_PROGRAMS)
def test_second_derivatives_of_arrays(name: str) -> None:
    """Hessian-vector products by three ways are the derivative of the gradient."""
    sizes = {"N": 3, "M": 2, "K": 1}
    compiled = gradc.compile(ARRAY_PROGRAMS[name])
    given = data_for(compiled, sizes, 6)
    moved = data_for(compiled, sizes, 7, compiled.wrt)
    (weights,) = data_for(compiled, sizes, 8, compiled.graph.outputs)
    names = [var.name for var in compiled.wrt]
    places = [compiled.graph.inputs.index(var) for var in compiled.wrt]
    backwards = vjp(compiled.graph, compiled.wrt)
    gradient = functions_of_graph(gradient_graph(backwards.graph, backwards.adjoints), names)
    forwards = jvp(compiled.graph, compiled.wrt)
    slope = functions_of_graph(gradient_graph(forwards.graph, forwards.tangents), names)

    def gradient_at(step: float) -> Any:
        shifted = list(given)
        for place, direction in zip(places, moved, strict=True):
            shifted[place] = given[place] + step * direction
        found = gradient["forward"](*shifted, weights)[0]
        return flat(found if len(names) > 1 else (found,))

    expected = richardson(gradient_at)
    tangent = gradient["tangent"](*given, weights, *moved)[1]
    ways = [
        tangent if len(names) > 1 else (tangent,),
        gradient["reverse"](gradient["forward"](*given, weights)[1], *moved),
        slope["reverse"](slope["forward"](*given, *moved)[1], weights),
    ]
    for way in ways:
        np.testing.assert_allclose(flat(way), flat(ways[0]), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(flat(ways[0]), expected, rtol=1e-7, atol=1e-7)


def flat(arrays: Sequence[Any]) -> Any:
    return np.concatenate([np.ravel(array) for array in arrays])


# Kinks of reductions


@pytest.mark.parametrize(
    ("text", "at", "gradient"),
    [
        ("max(x)", [2.0, 1.0, 2.0], [0.5, 0.0, 0.5]),
        ("max(x)", [2.0, 2.0, 2.0], [1 / 3] * 3),
        ("min(x)", [1.0, 1.0, 2.0], [0.5, 0.5, 0.0]),
        ("min(x)", [-inf, -inf, 2.0], [0.5, 0.5, 0.0]),
        ("max(x)", [0.0, -0.0, -1.0], [0.5, 0.5, 0.0]),
        ("max(x[0], x[1], x[2])", [2.0, 2.0, 2.0], [1 / 3] * 3),
        ("max(x[0], x[1], x[2])", [2.0, 2.0, 1.0], [0.5, 0.5, 0.0]),
        ("maximum(x[0], x[1]) + x[2]", [2.0, 2.0, 1.0], [0.5, 0.5, 1.0]),
        ("norm(x)", [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ("norm(x)", [3e200, 4e200, 0.0], [0.6, 0.8, 0.0]),
        ("norm(x)", [3e-200, 4e-200, 0.0], [0.6, 0.8, 0.0]),
        ("prod(x)", [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
        ("prod(x)", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ("logsumexp(x)", [1000.0, 1000.0, -inf], [0.5, 0.5, 0.0]),
        ("softmax(x)[0]", [1000.0, 1000.0, -1000.0], [0.25, -0.25, 0.0]),
        ("sum(x**0)", [0.0, nan, inf], [0.0, 0.0, 0.0]),
    ],
)
def test_kinks_of_reductions(text: str, at: list[float], gradient: list[float]) -> None:
    program = gradc.compile(f"input x[3]\nJ = {text}")
    found = program.value_and_grad(x=at)[1]["x"]
    np.testing.assert_allclose(found, gradient, rtol=1e-15)
    units = np.eye(3)
    tangents = [program.jvp({"x": at}, {"x": unit})[1] for unit in units]
    np.testing.assert_allclose(tangents, gradient, rtol=1e-15)


# Functions


def test_every_function_is_exercised() -> None:
    """Each function of the language occurs in a program of this file, under its name."""
    elementwise = {expression(row, n).split("(")[0] for row, n in CASES}
    written = " ".join(ARRAY_PROGRAMS.values())
    for name in FUNCTIONS:
        elsewhere = name in ("digamma", "ln", "zeros")
        assert name in elementwise or f"{name}(" in written or elsewhere, name


def test_digamma_is_polygamma_of_order_zero() -> None:
    program = gradc.compile("J = digamma(x)")
    with mp.workdps(40):
        value, slope = float(mp.digamma(0.3)), float(mp.polygamma(1, 0.3))
    assert program.value_and_grad(x=0.3) == (
        pytest.approx(value, rel=1e-14),
        {"x": pytest.approx(slope, rel=1e-14)},
    )


def test_ln_is_log() -> None:
    graph = gradc.compile("J = ln(x)").graph
    assert [equation.op for equation in graph.equations] == ["log"]
    assert gradc.compile("def ln(t) = 2*t\nJ = ln(x)").forward(x=3) == 6  # unless defined


def test_zeros_are_zeros() -> None:
    program = gradc.compile("input x[N]\nv = x * (zeros(N) + 3)")
    np.testing.assert_array_equal(program.forward(x=[1, 2]), [3, 6])


@pytest.mark.parametrize("row", [row for row in SAMPLED if row.tame is True], ids=case_id)
def test_tame_rows_have_finite_partials(row: Primitive) -> None:
    """What `ad.guards` rests on: no division by zero, no logarithm, wherever the operands are."""
    numbers = (0.0, -0.0, 1e-300, -1.0, 2.5, -30.0, 700.0)
    for at in itertools.product(numbers, repeat=len(operands(row))):
        assert math.isfinite(value_at(row, None, "scalars", at))
        assert all(map(math.isfinite, partials_at(row, None, "scalars", "reverse", at))), at
