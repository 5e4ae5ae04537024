"""Reading and adding at computed places: values, derivatives in both modes, and refusals.

Programs are graphs as text; what is tested is the code that they are emitted as.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numeric import functions_of_graph, inner, program_of

import gradc
from gradc.ad.reverse import vjp
from gradc.diagnostics import InputError
from gradc.ir.dims import Dim
from gradc.ir.graph import BOOL, INT, REAL, Atom, DType, Graph, Lit, Size, Type, Var
from gradc.ir.read import read_graph
from gradc.ops.builder import Builder
from gradc.ops.primitive import TypeMismatchError
from gradc.ops.table import PRIMITIVES
from gradc.passes.verify import verify
from gradc.runtime.evaluate import call, evaluate
from gradc.targets.python.emit import emit

RANDOM = np.random.default_rng(3)

VECTOR = RANDOM.normal(size=5)
MATRIX = RANDOM.normal(size=(4, 5))
CUBE = RANDOM.normal(size=(4, 3, 5))
ONE = np.array([4, 0, 0, 2])
TWO = np.array([1, 3, 3, 0])
GRID = np.array([[1, 0, 3], [3, 3, 2]])

# Inputs by name, their values, and the value of `gather` as NumPy has it.
READS = {
    "one element": ("x i", {"x": VECTOR, "i": 3}, "(0)", VECTOR[3]),
    "elements": ("x i", {"x": VECTOR, "i": ONE}, "(0)", VECTOR[ONE]),
    "a table of elements": ("x i", {"x": VECTOR, "i": GRID}, "(0)", VECTOR[GRID]),
    "no elements": ("x i", {"x": VECTOR, "i": ONE[:0]}, "(0)", VECTOR[ONE[:0]]),
    "a row": ("x i", {"x": MATRIX, "i": 2}, "(0)", MATRIX[2]),
    "rows": ("x i", {"x": MATRIX, "i": TWO}, "(0)", MATRIX[TWO]),
    "a column": ("x i", {"x": MATRIX, "i": 2}, "(1)", MATRIX[:, 2]),
    "columns": ("x i", {"x": MATRIX, "i": ONE}, "(1)", MATRIX[:, ONE]),
    "an element by two": ("x i j", {"x": MATRIX, "i": 2, "j": 4}, "(0, 1)", MATRIX[2, 4]),
    "elements by two": ("x i j", {"x": MATRIX, "i": TWO, "j": ONE}, "(0, 1)", MATRIX[TWO, ONE]),
    "one of two a scalar": ("x i j", {"x": MATRIX, "i": 3, "j": ONE}, "(0, 1)", MATRIX[3, ONE]),
    "middle": ("x i", {"x": CUBE, "i": GRID % 3}, "(1)", CUBE[:, GRID % 3]),
    "neighbours": ("x i j", {"x": CUBE, "i": TWO % 3, "j": ONE}, "(1, 2)", CUBE[:, TWO % 3, ONE]),
    "apart": ("x i j", {"x": CUBE, "i": TWO, "j": ONE}, "(0, 2)", CUBE[TWO, :, ONE]),
    "apart, scalars": ("x i j", {"x": CUBE, "i": 1, "j": 2}, "(0, 2)", CUBE[1, :, 2]),
    "apart, one a scalar": ("x i j", {"x": CUBE, "i": 1, "j": ONE}, "(0, 2)", CUBE[1, :, ONE]),
}


def declared(values: Mapping[str, Any]) -> str:
    """The inputs of a graph, with sizes as they are."""
    return ", ".join(f"{name}: {type_of(value)}" for name, value in values.items())


def type_of(value: Any) -> str:
    array = np.asarray(value)
    kind = "int" if np.issubdtype(array.dtype, np.integer) else "real"
    return kind + (f"[{', '.join(map(str, array.shape))}]" if array.shape else "")


def reading(case: str) -> tuple[str, list[Any]]:
    """A program that reads, and squares what it reads so that derivatives depend on it."""
    args, values, axes, expected = READS[case]
    text = (
        f"graph f({declared(values)}) -> (y: {type_of(expected)}) {{\n"
        f"  v: {type_of(expected)} = gather {args} {{axes={axes}}}\n"
        f"  y: {type_of(expected)} = mul v v\n}}\n"
    )
    return text, list(values.values())


def adding(case: str) -> tuple[str, list[Any]]:
    """A program that adds at the places of `reading`."""
    args, values, axes, expected = READS[case]
    shape = np.shape(values["x"])
    given = {**values, "x": RANDOM.normal(size=np.shape(expected))[()]}
    sizes = ", ".join(map(str, shape))
    text = (
        f"graph f({declared(given)}) -> (y: real[{sizes}]) {{\n"
        f"  v: {type_of(given['x'])} = mul x x\n"
        f"  y: real[{sizes}] = scatter_add {args.replace('x', 'v')} "
        f"{{shape=({sizes}), axes={axes}}}\n}}\n"
    )
    return text, list(given.values())


@pytest.mark.parametrize("case", READS)
def test_gather_is_advanced_indexing(case: str) -> None:
    text, given = reading(case)
    value, _ = functions_of_graph(read_graph(text), ["x"])["forward"](*given)
    np.testing.assert_array_equal(value, READS[case][3] ** 2)


@pytest.mark.parametrize("case", READS)
def test_scatter_add_adds_at_each_place(case: str) -> None:
    text, given = adding(case)
    value, _ = functions_of_graph(read_graph(text), ["x"])["forward"](*given)
    _, values, axes, _ = READS[case]
    expected = np.zeros(np.shape(values["x"]))
    places: list[Any] = [slice(None)] * expected.ndim
    for axis, index in zip(eval(axes.replace(")", ",)")), given[1:], strict=True):
        places[axis] = index
    np.add.at(expected, tuple(places), np.square(given[0]))
    np.testing.assert_allclose(value, expected, rtol=1e-15)


@pytest.mark.parametrize("program", [reading, adding])
@pytest.mark.parametrize("case", READS)
def test_both_modes_are_one_linear_map(case: str, program: Any) -> None:
    text, given = program(case)
    functions = functions_of_graph(read_graph(text), ["x"])
    moved = RANDOM.normal(size=np.shape(given[0]))[()]
    value, saved = functions["forward"](*given)
    weights = RANDOM.normal(size=np.shape(value))[()]
    _, tangent = functions["tangent"](*given, moved)
    (adjoint,) = functions["reverse"](saved, weights)
    assert np.shape(tangent) == np.shape(value)
    assert np.shape(adjoint) == np.shape(given[0])
    left, scale = inner([tangent], [weights])
    right, other = inner([moved], [adjoint])
    assert left == pytest.approx(right, rel=0, abs=1e-14 * max(scale, other))
    step = 1e-6

    def at(h: float) -> Any:
        return functions["forward"](given[0] + h * moved, *given[1:])[0]

    np.testing.assert_allclose((at(step) - at(-step)) / (2 * step), tangent, atol=1e-8)


def test_the_derivative_of_reading_an_element_twice_counts_it_twice() -> None:
    text = (
        "graph f(x: real[3], i: int[4]) -> (y: real[4]) {\n y: real[4] = gather x i {axes=(0)}\n}"
    )
    graph = read_graph(text)
    functions = functions_of_graph(graph, ["x"])
    _, saved = functions["forward"](np.zeros(3), [0, 2, 2, 2])
    assert functions["reverse"](saved, np.array([1.0, 2, 3, 4]))[0].tolist() == [1, 0, 9]
    assert "dx = np.bincount(i, dy, minlength=3)" in emit(program_of(graph), graph.inputs[:1]).text


# Counting and places


@pytest.mark.parametrize(
    ("op", "axes", "expected"),
    [
        ("any", "(0, 1)", np.True_),
        ("all", "(0, 1)", np.False_),
        ("any", "(1)", np.array([True, False])),
        ("all", "(0)", np.array([False, False, False])),
    ],
)
def test_any_and_all(op: str, axes: str, expected: Any) -> None:
    result = "real" + (f"[{expected.size}]" if expected.ndim else "")
    truth = result.replace("real", "bool")
    text = (
        f"graph f(x: real[2, 3]) -> (y: {result}) {{\n  c: bool[2, 3] = gt x 0.0\n"
        f"  a: {truth} = {op} c {{axes={axes}}}\n  y: {result} = real a\n}}"
    )
    functions = functions_of_graph(read_graph(text), ["x"])
    value, saved = functions["forward"](np.array([[1.0, 0, 2], [0, -1, 0]]))
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(functions["reverse"](saved, value * 1.0)[0], np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("op", "x", "expected"),
    [
        ("argmax", [1.0, 3, 3], 1),
        ("argmin", [1.0, 3, 1], 0),
        ("argmax", [1.0, np.nan, np.inf], 1),
        ("argmin", [-np.inf, np.nan, 0], 1),
        ("argmax", [[1.0, 5, 3], [7, 2, 3]], [1, 0, 0]),
    ],
)
def test_argmax_and_argmin_give_the_first_place(op: str, x: Any, expected: Any) -> None:
    kind = "int" + ("[3]" if np.ndim(expected) else "")
    text = (
        f"graph f(x: {type_of(x)}) -> (y: {kind.replace('int', 'real')}) {{\n"
        f"  i: {kind} = {op} x {{axes=(0)}}\n  y: {kind.replace('int', 'real')} = real i\n}}"
    )
    value, _ = functions_of_graph(read_graph(text), ["x"])["forward"](np.array(x))
    np.testing.assert_array_equal(value, expected)


# Arithmetic of integers


INTEGERS = {
    "floordiv": lambda i, j: i // j,
    "mod": lambda i, j: i % j,
    "add": lambda i, j: i + j,
    "sub": lambda i, j: i - j,
    "mul": lambda i, j: i * j,
    "maximum": max,
    "minimum": min,
}


@pytest.mark.parametrize("kind", ["scalars", "scalars beside arrays", "arrays"])
@pytest.mark.parametrize("op", INTEGERS)
def test_integers_are_computed_with_as_in_python(op: str, kind: str) -> None:
    shape = "[N]" if kind == "arrays" else ""
    extra = ", k: real[M]" if kind == "scalars beside arrays" else ""
    text = (
        f"graph f(i: int{shape}, j: int{shape}{extra}) -> (y: real{shape}) {{\n"
        f"  k%1: int{shape} = {op} i j\n  y: real{shape} = real k%1\n}}"
    )
    program = program_of(read_graph(text))
    for i in (-7, -6, 0, 5, 7):
        for j in (-3, 2, 3):
            data = {"i": [i], "j": [j]} if kind == "arrays" else {"i": i, "j": j}
            data |= {"k": [1.0]} if extra else {}
            found = evaluate(program, data, {}).values["y"]
            assert float(np.ravel(found)[0]) == INTEGERS[op](i, j)


def test_sizes_and_literals_are_integers_where_they_are_indices() -> None:
    n, b = Dim.of("N"), Builder()
    x = Var("x", Type(DType.REAL, (n,)))
    half = b.emit("floordiv", (Size(n, INT), Lit(2, INT)))
    whole = b.emit("add", (b.emit("iota", (), (("size", n),)), Size(n, INT)))
    places = b.emit("mod", (b.emit("mul", (whole, Lit(3, INT))), Size(n, INT)))
    middle = b.emit("gather", (x, half), (("axes", (0,)),))
    turned = b.emit("gather", (x, places), (("axes", (0,)),))
    y = b.emit("mul", (middle, turned), name="y")
    graph = Graph("f", (x,), tuple(b.equations), (y,))
    verify(graph)
    value, _ = functions_of_graph(graph, ["x"])["forward"](VECTOR)
    np.testing.assert_array_equal(value, VECTOR[2] * VECTOR[np.arange(5, 10) * 3 % 5])


@pytest.mark.parametrize("op", ["max", "min"])
def test_the_extremum_of_integers_is_an_integer(op: str) -> None:
    text = (
        f"graph f(i: int[N], x: real[N]) -> (y: real) {{\n  k: int = {op} i {{axes=(0)}}\n"
        f"  y: real = gather x k {{axes=(0)}}\n}}"
    )
    value, _ = functions_of_graph(read_graph(text), ["x"])["forward"]([2, 1, 2], VECTOR[:3])
    assert value == VECTOR[2 if op == "max" else 1]


# Accesses that are checked

CHECKED = """\
graph f(x: real[N], i: int[M], on: int[M]) -> (y: real[M]) {
  c: bool[M] = gt on 0
  k: int[M] = checked i TAKEN {size=N, what="x[i]"}
  v: real[M] = gather x k {axes=(0)}
  y: real[M] = select c v 0.0
}
"""


def checked(x: Any, i: Any, on: Any, taken: str = "c") -> tuple[Any, Any]:
    """The value and the derivative of the sum of what is read."""
    functions = functions_of_graph(read_graph(CHECKED.replace("TAKEN", taken)), ["x"])
    value, saved = call(functions["forward"], (x, i, on))
    return value, functions["reverse"](saved, np.ones(len(i)))[0]


def test_only_what_is_taken_need_be_in_range() -> None:
    value, adjoint = checked([5.0, 7.0], [-1, 1, 9], [0, 1, 0])
    assert value.tolist() == [0, 7, 0]
    assert adjoint.tolist() == [0, 1]


def test_nothing_need_be_there_where_nothing_is_taken() -> None:
    value, adjoint = checked([], [0, 3], [0, 0])
    assert value.tolist() == [0, 0]
    assert adjoint.shape == (0,)


@pytest.mark.parametrize(("taken", "index"), [("c", 9), ("+true", -1)])
def test_what_is_taken_out_of_range_is_an_error_with_its_index(taken: str, index: int) -> None:
    with pytest.raises(InputError) as caught:
        checked([5.0, 7.0], [-1, 1, 9], [0, 1, 1], taken)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "G0529"
    assert diagnostic.message == f"x[i] is read at index {index}; allowed is 0 .. 1"


def test_a_scalar_index_is_checked_too() -> None:
    text = (
        "graph f(x: real[N], i: int) -> (y: real) {\n"
        '  k: int = checked i +true {size=N, what="x[i]"}\n  y: real = gather x k {axes=(0)}\n}'
    )
    graph = read_graph(text)
    functions = functions_of_graph(graph, ["x"])
    assert functions["forward"](VECTOR, 1)[0] == VECTOR[1]
    assert "y = x[k]" in emit(program_of(graph), graph.inputs[:1]).text
    with pytest.raises(InputError):
        call(functions["forward"], (VECTOR, 5))


# Branches: a derivative reaches what the branch taken reads, and nothing else


def test_no_derivative_reaches_what_a_branch_not_taken_reads() -> None:
    text = (
        "graph f(x: real[N], i: int[M]) -> (y: real[M]) {\n"
        "  l: real[N] = log x\n  v: real[M] = gather l i {axes=(0)}\n"
        "  w: real[M] = gather x i {axes=(0)}\n  c: bool[M] = gt w 0.0\n"
        "  y: real[M] = select c v 0.0\n}"
    )
    functions = functions_of_graph(read_graph(text), ["x"])
    value, saved = functions["forward"](np.array([0.0, 4.0]), [0, 1, 1])
    assert value.tolist() == [0, np.log(4.0), np.log(4.0)]
    assert functions["reverse"](saved, np.ones(3))[0].tolist() == [0, 0.5]


# Types


def scalar_or_array(kind: Type, *sizes: str) -> Var:
    return Var("v", Type(kind.dtype, tuple(map(Dim.of, sizes))))


N, M = Dim.of("N"), Dim.of("M")
X, K = scalar_or_array(REAL, "N", "M"), scalar_or_array(INT, "K")


@pytest.mark.parametrize(
    ("op", "args", "params"),
    [
        ("gather", (X, X), {"axes": (0,)}),
        ("gather", (X, K), {"axes": (0, 1)}),
        ("gather", (X,), {"axes": ()}),
        ("gather", (X, K, K), {"axes": (1, 0)}),
        ("gather", (X, K), {"axes": (2,)}),
        ("gather", (X, K, scalar_or_array(INT, "L")), {"axes": (0, 1)}),
        ("scatter_add", (K, K), {"axes": (0,), "shape": (N, M)}),
        ("checked", (X, Lit(True, BOOL)), {"size": N, "what": ""}),
        ("checked", (K, Lit(1, INT)), {"size": N, "what": ""}),
        ("checked", (K, scalar_or_array(BOOL, "L")), {"size": N, "what": ""}),
        ("any", (X,), {"axes": (0,)}),
        ("all", (K,), {"axes": (0,)}),
        ("argmax", (X,), {"axes": (0, 1)}),
    ],
)
def test_operands_that_do_not_fit_are_refused(
    op: str, args: Sequence[Atom], params: Mapping[str, Any]
) -> None:
    with pytest.raises(TypeMismatchError):
        PRIMITIVES[op].type_rule([arg.type for arg in args], params)


def test_printed_graphs_are_read_back() -> None:
    graph = read_graph(CHECKED.replace("TAKEN", "c"))
    assert str(read_graph(str(graph))) == str(graph)
    backwards = vjp(graph, graph.inputs[:1]).graph
    assert str(read_graph(str(backwards))) == str(backwards)


@pytest.mark.parametrize("where", ["forward", "run"])
def test_an_index_out_of_range_has_a_place_in_the_program(where: str) -> None:
    text = "input i[P] in N, x[N]\ny[p] = 2*x[i[p] + 1]\nJ = sum(y)"
    with pytest.raises(InputError) as caught:
        getattr(gradc.compile(text), where)(i=[0, 2], x=[1.0, 2.0, 3.0])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.source is not None
    assert diagnostic.source.snippet(diagnostic.labels[0].span) == "x[i[p] + 1]"
