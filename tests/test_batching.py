"""Repeating equations over labels gives what a loop over the labels gives.

The table is iterated: each row is applied to operands with every choice of labels, and compared,
element by element, with the row itself; its derivatives are compared with each other and with
differences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from equation_values import results_of, run
from numeric import functions_of_graph, inner
from test_primitives import richardson

from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, DType, Equation, Graph, Lit, Type, Var
from gradc.ir.read import read_graph
from gradc.ops.batching import Batched, Label, batch
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES
from gradc.passes.verify import verify

SIZES = {"I": 3, "J": 2, "N": 4, "M": 5, "K": 3}
ROW, COLUMN = Var("i", INT), Var("j", INT)
EXTENTS = {ROW: Dim.of("I"), COLUMN: Dim.of("J")}

# The labels that an operand may have.
WAYS: list[tuple[Label, ...]] = [(), (ROW,), (COLUMN,), (ROW, COLUMN), (COLUMN, ROW)]

REDUCED = ["x: real[N]; {axes=(0)}", "x: real[N, M]; {axes=(0, 1)}", "x: real[N, M]; {axes=(0)}"]
PRODUCTS = [
    "x: real[N], y: real[N]; {axes=(0)}",
    "x: real[N, M], y: real[N, M]; {axes=(1)}",
]
COUNTED = ["x: bool[N]; {axes=(0)}", "x: bool[N, M]; {axes=(1)}"]

# Operands and parameters of the rows that are not elementwise, as the text of an equation with
# operands x, y, z.
STATED = {
    "broadcast": ["x: real; {shape=(N, M), axes=()}", "x: real[N]; {shape=(M, N, K), axes=(1)}"],
    "transpose": ["x: real[N, M]; {perm=(1, 0)}", "x: real[N, M, K]; {perm=(2, 0, 1)}"],
    "reshape": ["x: real[N, M]; {shape=(M*N)}", "x: real[2]; {shape=(1, 2)}"],
    "index": ["x: real[N]; {items=((1, at))}", "x: real[N, M]; {items=((0, 2), (2, at))}"],
    "embed": ["x: real; {shape=(N), items=((2, at))}", "x: real[2]; {shape=(N), items=((1, 3))}"],
    "concat": ["x: real[N], y: real[M]; ", "x: real[N, 2], y: real[M, 2]; "],
    "stack": ["x: real, y: real, z: real; ", "x: real[N], y: real[N]; "],
    "diagonal": ["x: real[N, N]; "],
    "diagonal_matrix": ["x: real[N]; "],
    "contract": [
        'x: real[N, M], y: real[M]; {spec="ij,j->i"}',
        'x: real[N, M], y: real[M, K]; {spec="ij,jk->ki"}',
        'x: real[N], y: real[M]; {spec="a,b->ba"}',
        'x: real[N], y: real[N]; {spec="i,i->"}',
    ],
    "gather": [
        "x: real[N], y: int; {axes=(0)}",
        "x: real[N, M], y: int[K]; {axes=(0)}",
        "x: real[N, M], y: int[K, 2]; {axes=(1)}",
        "x: real[N, M], y: int, z: int[K]; {axes=(0, 1)}",
        "x: real[N, M, 2], y: int[K], z: int[K]; {axes=(0, 2)}",
    ],
    "scatter_add": [
        "x: real, y: int; {shape=(N), axes=(0)}",
        "x: real[K, M], y: int[K]; {shape=(N, M), axes=(0)}",
        "x: real[N, K], y: int[K]; {shape=(N, M), axes=(1)}",
        "x: real[K, M], y: int[K], z: int; {shape=(N, M, 2), axes=(0, 2)}",
    ],
    "iota": ["; {size=N}"],
    "checked": [
        'x: int, y: bool; {size=2, what="x"}',
        'x: int[N], y: bool[N]; {size=2, what="x"}',
    ],
    "solve": ["x: real[N, N], y: real[N]; ", "x: real[N, N], y: real[N, M]; "],
    "inv": ["x: real[N, N]; "],
    "det": ["x: real[N, N]; "],
    "cofactors": ["x: real[N, N]; "],
    "logdet": ["x: real[N, N]; "],
    "cholesky": ["x: real[N, N]; "],
    "lower_half": ["x: real[N, N]; "],
    "prod_others": ["x: real[N]; "],
    "sum": REDUCED,
    "max": REDUCED,
    "min": REDUCED,
    "prod": REDUCED,
    "norm": REDUCED,
    "logsumexp": REDUCED,
    "softmax": REDUCED,
    "unit": REDUCED,
    "softmax_product": PRODUCTS,
    "rejection": PRODUCTS,
    "count": COUNTED,
    "any": COUNTED,
    "all": COUNTED,
    "argmax": ["x: real[N]; {axes=(0)}"],
    "argmin": ["x: real[N, M]; {axes=(1)}"],
}
LOGICAL = {"and", "or", "not"}


def equations(op: str) -> Iterator[Equation]:
    """Applications of a row to operands of different shapes."""
    row = PRIMITIVES[op]
    for text in STATED.get(op, []):
        operands, params = text.split(";")
        names = " ".join(part.split(":")[0].strip() for part in operands.split(", ") if ":" in part)
        kind = "real"
        shape = f"graph f({operands}) -> (r: {kind}) {{\n r: {kind} = {op} {names}{params}\n}}"
        yield with_result_type(read_graph(shape).equations[0])
    if op in STATED:
        return
    assert row.elementwise
    count = 3 if op == "select" else len(row.domain.samples) if row.domain else 2
    count = 1 if op in ("not", "real") else count
    first = {"real": "int", "select": "bool"}.get(op, "bool" if op in LOGICAL else "real")
    params = {"ipow": "{n=3}", "polygamma": "{n=1}"}.get(op, "")
    for shapes in [("", "", ""), ("[N]", "[N]", "[N]"), ("", "[N]", ""), ("[N]", "", "[N]")]:
        kinds = [first, *(["real"] * 2 if op == "select" else [first] * 2)]
        operands = [f"x{k}: {kinds[k]}{shapes[k]}" for k in range(count)]
        names = " ".join(f"x{k}" for k in range(count))
        text = (
            f"graph f({', '.join(operands)}) -> (r: real) {{\n r: real = {op} {names} {params}\n}}"
        )
        yield with_result_type(read_graph(text).equations[0])


def with_result_type(equation: Equation) -> Equation:
    """The equation with the type that its row says."""
    types = [arg.type for arg in equation.args]
    kind = PRIMITIVES[equation.op].type_rule(types, dict(equation.params))
    return equation._replace(out=Var("r", kind))


def ways(equation: Equation) -> Iterator[tuple[tuple[Label, ...], ...]]:
    """Labels for each operand: every choice where the row has a rule, else a few."""
    count = len(equation.args)
    every = list(product(WAYS, repeat=count))
    if PRIMITIVES[equation.op].batch is None:
        every = [way for way in every if (ROW,) in way or () not in way]
    for way in every[:: 1 if count < 3 else 7]:
        if any(way):
            yield way


CASES = [
    (equation, way)
    for op, row in PRIMITIVES.items()
    if not row.structured and op != "iota"
    for equation in equations(op)
    for way in ways(equation)
]


def case_id(value: Any) -> str:
    if isinstance(value, Equation):
        return f"{value.op}({', '.join(str(arg.type) for arg in value.args)})"
    return "-".join("".join(label.name for label in labels) or "0" for labels in value)


def repeated(equation: Equation, way: Sequence[tuple[Label, ...]]) -> tuple[Graph, Batched]:
    """A graph that applies an equation to operands with these labels."""
    b = Builder()
    b.stem = "part"
    inputs, args = [], []
    for arg, labels in zip(equation.args, way, strict=True):
        kind = Type(arg.type.dtype, (*(EXTENTS[label] for label in labels), *arg.type.shape))
        atom: Atom = Var(arg.name, kind)
        if kind.dtype is DType.BOOL:
            inputs.append(Var(arg.name, kind._replace(dtype=DType.INT)))
            atom = b.emit("ne", (inputs[-1], Lit(0, INT)))
        else:
            inputs.append(atom)
        args.append(Batched(atom, labels))
    (result,) = batch(b, equation, args, EXTENTS)
    out = b.emit("copy", (result.atom,), name="r")
    return Graph("f", tuple(inputs), tuple(b.equations), (out,)), result


def with_sizes(graph: Graph) -> Graph:
    """A graph with numbers for the names of sizes, which not all inputs tell."""
    return read_graph(re.sub(r"\b[IJKMN]\b", lambda name: str(SIZES[name[0]]), str(graph)))


def values_for(equation: Equation, graph: Graph) -> list[Any]:
    """Operands from the domain of the row."""
    random = np.random.default_rng(len(equation.op))
    row = PRIMITIVES[equation.op]
    found = []
    for k, var in enumerate(graph.inputs):
        shape = tuple(dim.evaluate(SIZES) for dim in var.type.shape)
        low, high = (
            row.domain.samples[min(k, len(row.domain.samples) - 1)] if row.domain else (-1, 1)
        )
        if var.type.dtype is DType.REAL:
            value: Any = random.uniform(low, high, shape)
            if equation.op in ("inv", "solve", "logdet", "cholesky", "cofactors") and k == 0:
                value = value + 3 * np.eye(shape[-1])
        else:
            value = random.integers(0, 2, shape)
        found.append(value)
    return found


def elements(
    equation: Equation,
    way: Sequence[tuple[Label, ...]],
    given: Sequence[Any],
    labels: Sequence[Label],
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The row applied for each value of the labels, by those values."""
    sizes = [EXTENTS[label].evaluate(SIZES) for label in labels]
    for place in np.ndindex(*sizes):
        at = dict(zip(labels, place, strict=True))
        args = [
            np.asarray(value)[tuple(at[label] for label in each)]
            for value, each in zip(given, way, strict=True)
        ]
        cast = [
            arg.astype(bool) if operand.type.dtype is DType.BOOL else arg
            for arg, operand in zip(args, equation.args, strict=True)
        ]
        yield place, results_of(equation, cast, SIZES)[0]


@pytest.mark.parametrize(("equation", "way"), CASES, ids=case_id)
def test_a_row_for_all_labels_is_the_row_for_each(
    equation: Equation, way: tuple[tuple[Label, ...], ...]
) -> None:
    graph, result = repeated(equation, way)
    verify(graph)
    assert set(result.labels) == {label for labels in way for label in labels}
    assert result.own == equation.out.type.shape
    given = values_for(equation, graph)
    (value,) = run(graph, given, SIZES)
    for place, expected in elements(equation, way, given, result.labels):
        np.testing.assert_allclose(value[place], expected, rtol=1e-13, atol=1e-14)


# These are products with a softmax and a unit vector; operands that are none have no derivative.
CONSTRAINED = {"softmax_product", "rejection"}

DIFFERENTIABLE = [
    (equation, way)
    for equation, way in CASES
    if PRIMITIVES[equation.op].constant is None
    and PRIMITIVES[equation.op].batch is not None
    and equation.op not in CONSTRAINED
    and equation.out.type.dtype is DType.REAL
]


@pytest.mark.parametrize(("equation", "way"), DIFFERENTIABLE, ids=case_id)
def test_the_derivatives_of_a_row_for_all_labels(
    equation: Equation, way: tuple[tuple[Label, ...], ...]
) -> None:
    graph = with_sizes(repeated(equation, way)[0])
    names = [var.name for var in graph.inputs if var.type.dtype is DType.REAL]
    functions = functions_of_graph(graph, names)
    given = values_for(equation, graph)
    places = [i for i, var in enumerate(graph.inputs) if var.name in names]
    random = np.random.default_rng(1)
    moved = [random.normal(size=np.shape(given[i])) for i in places]

    def at(step: float) -> Any:
        shifted = list(given)
        for i, direction in zip(places, moved, strict=True):
            shifted[i] = given[i] + step * direction
        return np.asarray(functions["forward"](*shifted)[0])

    _, saved = functions["forward"](*given)
    _, tangent = functions["tangent"](*given, *moved)
    weights = random.normal(size=np.shape(tangent))
    adjoints = functions["reverse"](saved, weights)
    np.testing.assert_allclose(tangent, richardson(at), rtol=1e-8, atol=1e-8)
    left, scale = inner([tangent], [weights])
    right, other = inner(moved, adjoints)
    assert left == pytest.approx(right, rel=0, abs=1e-13 * max(scale, other))


def test_every_row_that_is_not_elementwise_has_a_rule() -> None:
    for row in PRIMITIVES.values():
        ways_to_repeat = [row.elementwise, row.batch is not None, row.structured is not None]
        assert sum(ways_to_repeat) == (row.name != "iota"), row.name


def test_nothing_is_repeated_along_a_label_without_need() -> None:
    """A product over indices repeats no operand, and neither does a number for all."""
    (contract,) = read_graph(
        'graph f(x: real[N], y: real[N]) -> (r: real) {\n  r: real = contract x y {spec="a,a->"}\n}'
    ).equations
    graph, _ = repeated(contract, [(ROW,), (COLUMN,)])
    assert [eq.op for eq in graph.equations] == ["contract", "copy"]
    assert graph.equations[0].param("spec") == "ba,ca->bc"
    (product,) = read_graph(
        "graph f(x: real, y: real) -> (r: real) {\n  r: real = mul x y\n}"
    ).equations
    graph, _ = repeated(product, [(ROW,), ()])
    assert [eq.op for eq in graph.equations] == ["mul", "copy"]


def test_a_matrix_for_many_right_hand_sides_is_decomposed_once() -> None:
    (solve,) = read_graph(
        "graph f(x: real[N, N], y: real[N]) -> (r: real[N]) {\n  r: real[N] = solve x y\n}"
    ).equations
    graph, _ = repeated(solve, [(), (ROW, COLUMN)])
    (written,) = [eq for eq in graph.equations if eq.op == "solve"]
    assert written.args[0] is graph.inputs[0]


def test_an_index_that_goes_over_a_whole_axis_is_that_axis() -> None:
    """`x[:, j, k[i]]` for all i and j, from `x[n, j, k]`."""
    (gather,) = read_graph(
        "graph f(x: real[N, J, K], j: int, k: int) -> (r: real[N]) {\n"
        "  r: real[N] = gather x j k {axes=(1, 2)}\n}"
    ).equations
    b = Builder()
    x = gather.args[0]
    assert isinstance(x, Var)
    places = Var("k", Type(DType.INT, (Dim.of("I"),)))
    args = [
        Batched(x),
        Batched(b.emit("iota", (), (("size", Dim.of("J")),)), (COLUMN,)),
        Batched(places, (ROW,)),
    ]
    (result,) = batch(b, gather, args, EXTENTS)
    assert [eq.op for eq in b.equations] == ["iota", "transpose", "gather", "transpose"]
    assert result.labels == (COLUMN, ROW)
    out = b.emit("copy", (result.atom,), name="r")
    graph = Graph("f", (x, places), tuple(b.equations), (out,))
    verify(graph)
    value = np.random.default_rng(0).normal(size=(4, 2, 3))
    (found,) = run(graph, [value, np.array([2, 0, 2])], SIZES)
    np.testing.assert_array_equal(found, np.transpose(value[:, :, [2, 0, 2]], (1, 2, 0)))
