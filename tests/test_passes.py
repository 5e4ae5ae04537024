"""Passes, one by one: a graph before, and the graph after."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from programs import Case, programs
from test_generated_programs import as_tuple, sampled

import gradc
from gradc.ir.graph import DType, Graph
from gradc.ir.read import read_graph
from gradc.ops.primitive import Primitive
from gradc.ops.rewrites import REWRITES
from gradc.ops.table import PRIMITIVES
from gradc.passes.dead import DEAD, without_dead_equations
from gradc.passes.fold import FOLD
from gradc.passes.share import SHARE
from gradc.passes.simplify import SIMPLIFY
from gradc.passes.verify import verify
from gradc.pipeline import PASSES, prepared, stages
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit


def graph_of(equations: str, inputs: str = "x: real, y: real", outputs: str = "J: real") -> Graph:
    lines = "".join(f"  {line.strip()}\n" for line in equations.strip().splitlines())
    graph = read_graph(f"graph g({inputs}) -> ({outputs}) {{\n{lines}}}\n")
    verify(graph)
    return graph


def equations_of(graph: Graph) -> list[str]:
    verify(graph)
    return [line.strip() for line in str(graph).splitlines()[1:-1]]


def after(change: Callable[[Graph], Graph], equations: str, **kinds: str) -> list[str]:
    return equations_of(change(graph_of(equations, **kinds)))


def test_the_list_has_each_pass_once_with_a_line_about_it() -> None:
    names = [each.name for each in PASSES]
    assert names == ["expand", "fold", "simplify", "share", "dead"]
    assert all(each.doc.endswith(".") and len(each.doc) < 80 for each in PASSES)


# fold


def test_operations_on_literals_become_literals() -> None:
    found = after(FOLD.run, "J%1: real = sqrt 2.0\nJ%2: real = neg J%1\nJ: real = div x J%2")
    assert found == ["J: real = div x -1.4142135623730951"]


def test_what_libraries_compute_differently_is_not_folded() -> None:
    assert after(FOLD.run, "J%1: real = exp 2.0\nJ: real = mul x J%1") == [
        "J%1: real = exp 2.0",
        "J: real = mul x J%1",
    ]


def test_a_quantity_with_a_name_stays_and_is_not_looked_through() -> None:
    assert after(FOLD.run, "c: real = sqrt 4.0\nJ%1: real = neg c\nJ: real = mul x J%1") == [
        "c: real = copy 2.0",
        "J%1: real = neg c",
        "J: real = mul x J%1",
    ]


def test_what_raises_is_not_folded() -> None:
    equations = "k%1: int = floordiv 1 0\nJ%1: real = real k%1\nJ: real = mul x J%1"
    assert len(after(FOLD.run, equations)) == 3


def test_nothing_that_is_an_array_is_folded() -> None:
    equations = "J%1: real[3] = broadcast 1.0 {shape=(3), axes=()}\nJ: real = sum J%1 {axes=(0)}"
    assert len(after(FOLD.run, equations)) == 2


EXACT = [row for row in PRIMITIVES.values() if row.exact is not None]
NUMBERS = (0.0, -0.0, 1.0, -1.5, 2.0, 3.7, 1e300, -1e-300, math.inf, -math.inf, math.nan)


def bits(value: Any) -> str:
    return repr(float(value))


def operands_of(row: Primitive) -> list[tuple[Any, ...]]:
    """Operands to try: pairs of awkward numbers, or of truth values."""
    truths = (False, True)
    if row.name == "select":
        return [(c, x, y) for c in truths for x in NUMBERS for y in NUMBERS]
    values: tuple[Any, ...] = NUMBERS
    if row.name in ("and", "or", "not", "real"):
        values = truths
    if row.name in ("neg", "sqrt", "abs", "sign", "relu", "floor", "ceil", "copy", "not", "real"):
        return [(x,) for x in values]
    return [(x, y) for x in values for y in values]


@pytest.mark.parametrize("row", EXACT, ids=lambda row: row.name)
@pytest.mark.parametrize("target", ["python", "numpy"])
def test_a_folded_value_is_what_emitted_code_computes(row: Primitive, target: str) -> None:
    for operands in operands_of(row):
        try:
            assert row.exact is not None
            expected = row.exact(*operands)
        except ArithmeticError:
            continue
        # Truth values are made of numbers, and as a result they choose one.
        names = [f"q{i}" for i in range(len(operands))]
        kinds = ["bool" if isinstance(value, bool) else "real" for value in operands]
        lines = [
            f"c{n}: bool = gt {n} 0.0" for n, k in zip(names, kinds, strict=True) if k == "bool"
        ]
        args = [f"c{n}" if k == "bool" else n for n, k in zip(names, kinds, strict=True)]
        kind = "bool" if isinstance(expected, bool) else "real"
        lines.append(f"v: {kind} = {row.name} {' '.join(args)}")
        lines.append("J: real = select v 1.0 0.0" if kind == "bool" else "J: real = copy v")
        inputs = ", ".join(f"{name}: real" for name in names)
        if target == "numpy":
            lines.append("unused: real[2] = broadcast 1.0 {shape=(2), axes=()}")
        graph = graph_of("\n".join(lines), inputs=inputs)
        value, _ = functions_of_graph(graph)["forward"](*map(float, operands))
        assert bits(value) == bits(expected), (row.name, operands)


def functions_of_graph(graph: Graph) -> Any:
    from numeric import program_of

    return load_functions(emit(program_of(graph), ()).text, "test")


# simplify

SIMPLER = {
    "mul x 1.0": "copy x",
    "mul -1.0 x": "neg x",
    "div x 1.0": "copy x",
    "add x -0.0": "copy x",
    "sub x 0.0": "copy x",
    "ipow x {n=1}": "copy x",
    "ipow x {n=0}": "copy 1.0",
    "maximum x x": "copy x",
}


@pytest.mark.parametrize("before", SIMPLER)
def test_what_is_the_same_for_every_double_is_written_simpler(before: str) -> None:
    assert after(SIMPLIFY.run, f"J: real = {before}") == [f"J: real = {SIMPLER[before]}"]


@pytest.mark.parametrize(
    "before",
    ["add x 0.0", "mul x 0.0", "sub x x", "div x x", "sub x -0.0", "sub 0.0 x", "div 0.0 x"],
)
def test_what_differs_for_some_double_stays(before: str) -> None:
    assert after(SIMPLIFY.run, f"J: real = {before}") == [f"J: real = {before}"]


def test_negations_cancel() -> None:
    found = after(
        lambda graph: DEAD.run(SIMPLIFY.run(graph)),
        """
        J%1: real = neg x
        J%2: real = neg y
        J%3: real = mul J%1 J%2
        J%4: real = add J%3 J%2
        J: real = sub J%4 J%1
        """,
    )
    assert [line.partition(" = ")[2] for line in found] == ["mul x y", "sub J%5 y", "add J%6 x"]


def test_a_branch_that_is_always_taken_is_the_value() -> None:
    assert after(SIMPLIFY.run, "J: real = select +true x y") == ["J: real = copy x"]
    assert after(SIMPLIFY.run, "c: bool = lt x y\nJ: real = select c x x")[1] == "J: real = copy x"


def test_elements_that_are_all_the_same_are_computed_once() -> None:
    found = after(
        lambda graph: DEAD.run(SIMPLIFY.run(graph)),
        """
        z%1: real[N] = broadcast 0.0 {shape=(N), axes=()}
        z: real[N] = add v z%1
        J: real = sum z {axes=(0)}
        """,
        inputs="v: real[N]",
    )
    assert found == ["z: real[N] = add v 0.0", "J: real = sum z {axes=(0)}"]


def test_moves_that_end_where_they_began_are_left_out() -> None:
    found = after(
        lambda graph: DEAD.run(SIMPLIFY.run(graph)),
        """
        B%1: real[M, N] = transpose A {perm=(1, 0)}
        B%2: real[N, M] = transpose B%1 {perm=(1, 0)}
        B%3: real[N*M] = reshape B%2 {shape=(M*N)}
        B: real[N, M] = reshape B%3 {shape=(N, M)}
        v%1: real[2] = stack x y
        v: real = index v%1 {items=((1, at))}
        J%1: real = index B {items=((0, at), (0, at))}
        J: real = mul J%1 v
        """,
        inputs="A: real[N, M], x: real, y: real",
    )
    assert found[:2] == ["B: real[N, M] = copy A", "v: real = copy y"]


def test_a_quantity_with_a_name_keeps_its_uses() -> None:
    """`du` counts the uses of u that the author wrote, so none goes away."""
    equations = "u: real = neg x\nJ: real = neg u"
    assert after(SIMPLIFY.run, equations) == equations.splitlines()


def test_every_rewrite_is_of_a_primitive() -> None:
    assert set(REWRITES) <= set(PRIMITIVES)


# share


def test_parts_that_are_computed_twice_are_computed_once() -> None:
    found = after(
        SHARE.run,
        """
        u%1: real = exp x
        u: real = mul u%1 y
        J%1: real = exp x
        J: real = add u J%1
        """,
    )
    assert found == ["u%1: real = exp x", "u: real = mul u%1 y", "J: real = add u u%1"]


def test_a_named_quantity_gets_no_new_uses() -> None:
    equations = "u: real = exp x\nJ%1: real = exp x\nJ: real = mul J%1 u"
    assert after(SHARE.run, equations) == equations.splitlines()


def test_zeros_of_different_sign_are_different() -> None:
    equations = "J%1: real = div x 0.0\nJ%2: real = div x -0.0\nJ: real = add J%1 J%2"
    assert after(SHARE.run, equations) == equations.splitlines()


# dead


def test_parts_that_nothing_needs_go_and_names_stay() -> None:
    equations = "u: real = exp x\nJ%1: real = sin u\nJ: real = mul x y"
    assert after(DEAD.run, equations) == ["u: real = exp x", "J: real = mul x y"]
    assert after(without_dead_equations, equations) == ["J: real = mul x y"]


# Graphs within

CONTROL = """\
graph f(t: real) -> (y: real) {
  y%1: real = neg t
  y%2: real = neg t
  y: real = mul y%1 y%2
}

graph g(x: real, w: real, n: int) -> (h: real, z: real) {
  q%1: real = sqrt 4.0
  q%2: real = exp w
  q%3: real = exp w
  u: real = call x {graph=@f}
  z%1: real = call w {graph=@f}
  z%2: real = call w {graph=@f}
  z: real = add z%1 z%2
  h: real, p%1: real, r%1: real[5] = loop x w q%1 q%2 q%3 {body=graph b(t: int, h%in: real, \
p%in: real, q%1: real, q%2: real, q%3: real) -> (h%next: real, p%next: real, r%2: real) {
    h%1: real = mul h%in q%1
    h%2: real = mul h%in q%1
    h%3: real = add h%1 h%2
    h%next: real = mul h%3 q%3
    p%next: real = mul p%in q%2
    r%2: real = sin p%next
  }, range=(0, 5, 1), carried=2, condition=+none, counted=+false, backwards=+false, \
checkpoint=+none}
}
"""


def test_bodies_and_functions_are_rewritten_with_what_they_read() -> None:
    graph = read_graph(CONTROL)
    verify(graph)
    for _, changed in stages(graph):
        verify(changed)
        assert str(read_graph(str(changed))) == str(changed)
    assert str(changed).splitlines() == [
        "graph f(t: real) -> (y: real) {",
        "  y: real = mul t t",
        "}",
        "",
        "graph g(x: real, w: real, n: int) -> (h: real, z: real) {",
        "  q%2: real = exp w",
        "  u: real = call x {graph=@f}",
        "  z%1: real = call w {graph=@f}",
        "  z: real = add z%1 z%1",
        "  h: real = loop x q%2 {body=graph b(t: int, h%in: real, q%2: real) -> (h%next: real) {",
        "    h%1: real = mul h%in 2.0",
        "    h%3: real = add h%1 h%1",
        "    h%next: real = mul h%3 q%2",
        "  }, range=(0, 5, 1), carried=1, condition=+none, counted=+false, backwards=+false, "
        "checkpoint=+none}",
        "}",
    ]


SAME_RESULTS = """\
graph g(x: real) -> (h: real, k: real) {
  h: real, k: real, l%1: real = loop x x x {body=graph b(t: int, h%in: real, k%in: real, \
l%in: real) -> (h%1: real, k%1: real, l%2: real) {
    h%1: real = sin h%in
    k%1: real = sin h%in
    n: real = mul l%in 2.0
    l%2: real = sin n
  }, range=(0, 5, 1), carried=3, condition=+none, counted=+false, backwards=+false, \
checkpoint=+none}
}
"""


NESTED = """\
graph g(x: real, y: real, w: real) -> (k: real) {
  h: real, k: real, m: real = loop x y w {body=graph b(t: int, h%in: real, k%in: real, \
m%in: real) -> (h%2: real, k%2: real, m%2: real) {
    h%2: real, k%2: real, m%2: real = loop h%in k%in m%in {body=graph c(s: int, h%0: real, \
k%0: real, m%0: real) -> (h%1: real, k%1: real, m%1: real) {
      h%1: real = mul h%0 k%0
      k%1: real = sin k%0
      m%1: real = cos m%0
    }, range=(0, 3, 1), carried=3, condition=MORE, counted=+false, backwards=+false, \
checkpoint=+none}
  }, range=(0, 5, 1), carried=3, condition=+none, counted=+false, backwards=+false, \
checkpoint=+none}
}
"""
MORE = "graph d(s: int, h%0: real, k%0: real, m%0: real) -> (q: bool) { q: bool = lt m%0 2.0 }"


@pytest.mark.parametrize(("condition", "carried"), [("+none", ["k%in"]), (MORE, ["k%in", "m%in"])])
def test_what_only_a_loop_within_carries_goes_with_it(condition: str, carried: list[str]) -> None:
    text = NESTED.replace("MORE", condition)
    if condition == MORE:  # such a loop also says how many steps it ran
        text = text.replace("m%2: real = loop", "m%2: real, steps: int = loop")
    graph = read_graph(text)
    verify(graph)
    found = without_dead_equations(graph)
    verify(found)
    (loop,) = found.equations
    body = loop.param("body")
    (inner,) = body.equations
    assert [var.name for var in body.inputs[1:]] == carried
    assert inner.param("carried") == loop.param("carried") == len(carried)


def test_results_of_a_body_stay_apart_and_names_in_it_keep_what_they_read() -> None:
    graph = read_graph(SAME_RESULTS)
    verify(graph)
    for _, changed in stages(graph):
        verify(changed)
    body = changed.equations[0].param("body")
    assert [var.name for var in body.outputs] == ["h%1", "k%1", "l%2"]
    assert "n" in [equation.out.name for equation in body.equations]


def test_a_function_that_is_called_twice_stays_one() -> None:
    graph = read_graph(CONTROL)
    for _, changed in stages(graph):
        calls = [eq for eq in changed.equations if eq.op == "call"]
        assert len({eq.param("graph") for eq in calls}) == 1


def test_a_graph_in_which_nothing_changes_is_the_same() -> None:
    graph = read_graph(CONTROL)
    for _, changed in stages(graph):
        graph = changed
    for each in PASSES:
        assert each.run(graph) is graph


# Everything


@sampled(150)
@given(programs())
def test_no_pass_changes_a_bit_of_any_value(case: Case) -> None:
    compiled = gradc.compile(case.text)
    program = compiled.program
    named = [var for var in program.graph.named() if var.type.dtype is DType.REAL]
    for each, graph in stages(program.graph):
        verify(graph)
        assert [var.name for var in graph.named()] == [v.name for v in program.graph.named()], each
    after = load_functions(emit(program, ()).text, "test")["forward"]
    before = load_functions(emit_unchanged(program), "test")["forward"]
    arguments = list(case.data.values())
    assert named
    for one, other in zip(
        as_tuple(after(*arguments)[0]), as_tuple(before(*arguments)[0]), strict=True
    ):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(np.signbit(one), np.signbit(other))


def emit_unchanged(program: Any) -> str:
    """The module of a program to which no pass is applied."""
    from gradc.targets.statements import emit as module

    keep, module.prepared = module.prepared, lambda program: program
    try:
        return emit(program, ()).text
    finally:
        module.prepared = keep


def test_the_program_is_prepared_once() -> None:
    program = gradc.compile("J = sin(x)*y + sin(x)").program
    once = prepared(program)
    assert once is not program
    assert prepared(once) is once
