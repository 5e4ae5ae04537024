"""Functions and loops repeated over labels: each element is what the function gives for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from derivative_checks import check_derivatives
from equation_values import run

from gradc.ad.expand import expand
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Graph, Var
from gradc.ir.read import read_graph
from gradc.ops.batching import Label, UnmappableError, batch_graph
from gradc.passes.verify import verify

ROW, COLUMN = Var("i", INT), Var("j", INT)
EXTENTS = {ROW: Dim.of("I"), COLUMN: Dim.of("J")}
SIZES = {"I": 3, "J": 2, "N": 4, "T": 5}

STRAIGHT = """\
graph project(x: real[N], s: real) -> (y: real, z: real[N]) {
  n: real = max x {axes=(0)}
  y%1: real = mul s n
  y: real = add y%1 1.0
  u: real = mul s s
  z%1: real[N] = mul x u
  z: real[N] = sub z%1 x
}
"""

CALLS = """\
graph scale(x: real[N], s: real) -> (y: real[N]) {
  y: real[N] = mul x s
}

graph outer(x: real[N], s: real, k: real) -> (a: real[N], b: real[N], c: real[N]) {
  a: real[N] = call x s {graph=@scale}
  b: real[N] = call x k {graph=@scale}
  c: real[N] = call b s {graph=@scale}
}
"""

# `h` meets the labels of `s` in the first step, `c` those of `h` in the second; `k` never.
LOOP = """\
graph walk(h0: real[N], s: real, c0: real) -> (h: real[N], c: real, k: real, y: real[T, N]) {
  h: real[N], c: real, k: real, y: real[T, N], z: real[T] = loop h0 c0 0.0 s {body=graph step(\
t: int, h%in: real[N], c%in: real, k%in: real, s: real) -> \
(h%next: real[N], c%next: real, k%next: real, h%next: real[N], k%next: real) {
    g: real[N] = mul h%in s
    h%next: real[N] = tanh g
    c%1: real = sum h%in {axes=(0)}
    c%next: real = add c%in c%1
    r: real = real t
    k%next: real = add k%in r
  }, range=(0, T, 1), carried=3, condition=+none, counted=+false, backwards=+false, \
checkpoint=+none}
}
"""

NESTED = """\
graph nested(x: real, y: real[T]) -> (a: real, b: real[T]) {
  a: real, b: real[T] = loop x y {body=graph outer(t: int, a%in: real, y: real[T]) -> \
(a%next: real, p: real) {
    w: real = gather y t {axes=(0)}
    p: real, q: real = loop w a%in t {body=graph inner(s: int, p%in: real, q%in: real, t: int) -> \
(p%next: real, q%next: real) {
      p%1: real = mul p%in q%in
      p%2: real = real t
      p%next: real = sub p%1 p%2
      q%next: real = sin q%in
    }, range=(0, N, 2), carried=2, condition=+none, counted=+false, backwards=+true, \
checkpoint=+none}
    a%next: real = add a%in q
  }, range=(0, T, 1), carried=1, condition=+none, counted=+false, backwards=+false, \
checkpoint=+none}
}
"""

WHILE = """\
graph search(x: real, e: real) -> (y: real, n: int) {
  y: real, k: real, n: int = loop x 1.0 e {body=graph step(t: int, y%in: real, k%in: real, \
e: real) -> (y%next: real, k%next: real) {
    y%1: real = mul y%in k%in
    y%next: real = sin y%1
    k%next: real = mul k%in 0.5
  }, range=(0, T, 1), carried=2, condition=graph while(t: int, y%in: real, k%in: real, e: real) \
-> (y%2: bool) {
    y%2: bool = gt CONDITION e
  }, counted=+false, backwards=+false, checkpoint=+none}
}
"""

COUNTED = """\
graph counted(m: int, x: real) -> (y: real) {
  y: real = loop m x {body=graph step(t: int, y%in: real) -> (y%next: real) {
    y%next: real = sin y%in
  }, range=(0, T, 1), carried=1, condition=+none, counted=+true, backwards=+false, \
checkpoint=+none}
}
"""

Ways = Sequence[tuple[Label, ...]]

ONE, TWO, TURNED = (ROW,), (ROW, COLUMN), (COLUMN, ROW)
CASES: list[tuple[str, Ways]] = [
    (STRAIGHT, [ONE, ()]),
    (STRAIGHT, [(), ONE]),
    (STRAIGHT, [ONE, TURNED]),
    (STRAIGHT, [(), ()]),
    (CALLS, [ONE, (), (COLUMN,)]),
    (CALLS, [(), ONE, ()]),
    (CALLS, [TWO, TURNED, ()]),
    (LOOP, [(), ONE, ()]),
    (LOOP, [ONE, (COLUMN,), TURNED]),
    (LOOP, [(), (), ONE]),
    (LOOP, [(), (), ()]),
    (NESTED, [ONE, ()]),
    (NESTED, [(), ONE]),
    (NESTED, [ONE, (COLUMN,)]),
    (WHILE.replace("CONDITION", "k%in"), [ONE, ()]),
    (WHILE.replace("CONDITION", "y%in").replace(", n: int) {", ") {", 1), [ONE, ()]),
    (COUNTED, [(), TURNED]),
]


def values(graph: Graph) -> list[Any]:
    random = np.random.default_rng(5)
    return [
        2
        if var.type == INT
        else random.uniform(0.1, 1.0, [dim.evaluate(SIZES) for dim in var.type.shape])
        for var in graph.inputs
    ]


@pytest.mark.parametrize(("text", "way"), CASES)
def test_a_graph_for_all_labels_is_the_graph_for_each(text: str, way: Ways) -> None:
    graph = read_graph(text)
    verify(graph)
    repeated, out_labels = batch_graph(graph, way, EXTENTS)
    verify(repeated)
    given = values(repeated)
    found = run(repeated, given, SIZES)
    for place in np.ndindex(SIZES["I"], SIZES["J"]):
        at = dict(zip(TWO, place, strict=True))

        def element(value: Any, labels: tuple[Label, ...], at: dict[Label, int] = at) -> Any:
            return np.asarray(value)[tuple(at[label] for label in labels)]

        expected = run(graph, list(map(element, given, way)), SIZES)
        for value, labels, one in zip(found, out_labels, expected, strict=True):
            np.testing.assert_allclose(element(value, labels), one, rtol=1e-13)


@pytest.mark.parametrize(("text", "way"), CASES)
def test_the_derivatives_of_a_graph_for_all_labels(text: str, way: Ways) -> None:
    repeated, _ = batch_graph(read_graph(text), way, EXTENTS)
    data = {var.name: value for var, value in zip(repeated.inputs, values(repeated), strict=True)}
    check_derivatives(repeated, data, SIZES, second=False)


AUTHORED = """\
graph inner(x: real[N], k: int, c: real) -> (s: real) {
  s%1: real = contract x x {spec="i,i->"}
  s: real = mul c s%1
}

graph inner_partials(x: real[N], k: int, c: real) -> (dx: real[N], dc: real) {
  dx%1: real[N] = mul 2.0 x
  dx: real[N] = mul c dx%1
  dc: real = contract x x {spec="i,i->"}
}

graph scaled(x: real[N], a: real) -> (y: real[N]) {
  y%1: real[N] = exp x
  y: real[N] = mul a y%1
}

graph scaled_partials(x: real[N], a: real) -> (dx: real[N], da: real[N]) {
  e: real[N] = exp x
  dx: real[N] = mul a e
  da: real[N] = copy e
}

graph shift(x: real, b: real) -> (y: real) {
  y: real = add x b
}

graph shift_partials(x: real, b: real) -> (dx: real, db: real) {
  dx: real = copy 1.0
  db: real = copy 1.0
}

graph authored(x: real[N], a: real, c: real) -> (z: real) {
  y: real[N] = call x a {graph=@scaled, partials=@scaled_partials}
  n: real = call y 3 c {graph=@inner, partials=@inner_partials}
  z: real = call n a {graph=@shift, partials=@shift_partials}
}
"""


@pytest.mark.parametrize("way", list(product([(), ONE, (COLUMN,), TURNED], repeat=3)))
def test_the_author_s_derivatives_are_those_of_each_element(way: Ways) -> None:
    """The author's own derivatives are right here, so differences tell whether they are used."""
    repeated, _ = batch_graph(read_graph(AUTHORED), way, EXTENTS)
    verify(repeated)
    data = {var.name: value for var, value in zip(repeated.inputs, values(repeated), strict=True)}
    check_derivatives(repeated, data, SIZES)


def test_what_was_repeated_is_repeated_again() -> None:
    once, _ = batch_graph(read_graph(AUTHORED), [ONE, (), ONE], EXTENTS)
    twice, (labels,) = batch_graph(once, [(COLUMN,), (COLUMN,), ()], EXTENTS)
    assert labels == (COLUMN,)
    data = {var.name: value for var, value in zip(twice.inputs, values(twice), strict=True)}
    check_derivatives(twice, data, SIZES, second=False)
    assert str(read_graph(str(twice))) == str(twice)


def test_results_have_the_labels_that_reach_them_and_no_others() -> None:
    assert batch_graph(read_graph(STRAIGHT), [ONE, ()], EXTENTS)[1] == (ONE, ONE)
    _, (_, of_both) = batch_graph(read_graph(STRAIGHT), [ONE, (COLUMN,)], EXTENTS)
    assert set(of_both) == set(TWO)
    _, labels = batch_graph(read_graph(CALLS), [(), ONE, (COLUMN,)], EXTENTS)
    assert tuple(map(set, labels)) == ({ROW}, {COLUMN}, {ROW, COLUMN})
    assert batch_graph(read_graph(LOOP), [(), ONE, ()], EXTENTS)[1] == (ONE, ONE, (), ONE)


def test_names_are_those_of_the_author() -> None:
    repeated, _ = batch_graph(read_graph(LOOP), [(), ONE, ()], EXTENTS)
    assert repeated.name == "walk"
    assert [var.name for var in repeated.inputs] == ["h0", "s", "c0"]
    assert {"h", "c", "k", "y", "g", "r", "h%in"} <= set(repeated.names())


def test_a_function_repeated_in_one_way_is_one_graph() -> None:
    graph = read_graph(CALLS)
    repeated, _ = batch_graph(graph, [ONE, (), ()], EXTENTS)
    other = Var("n", INT)
    again, labels = batch_graph(graph, [(other,), (), ()], {other: Dim.of("I")})
    assert again is repeated
    assert labels == ((other,),) * 3
    assert batch_graph(graph, [(other,), (), ()], {other: Dim.of("N")})[0] is not repeated
    turned, _ = batch_graph(graph, [TWO, TURNED, ()], EXTENTS)
    assert turned is not batch_graph(graph, [TWO, TWO, ()], EXTENTS)[0]
    called = [equation.param("graph") for equation in repeated.equations]
    assert len(set(called)) == 1


def test_a_loop_told_its_steps_by_an_index_cannot_be_mapped() -> None:
    with pytest.raises(UnmappableError, match="cannot depend on an index"):
        batch_graph(read_graph(COUNTED), [ONE, ()], EXTENTS)


# Derivatives inside a program

INSIDE = """\
graph inside(w: real[N], s: real, c: real) -> (g: real[N], h: real[N, N], a: real[2, N], b: real) {
  u: real[N] = mul w s
  v: real[N] = sin u
  p: real = prod v {axes=(0)}
  J: real = mul p s
  g: real[N] = grad J w {mode="auto"}
  h: real[N, N] = hessian J w {mode="auto"}
  q: real = sum v {axes=(0)}
  r: real[2] = stack q J
  a: real[2, N] = jacobian r w {mode="forward"}
  k: real = mul s c
  b: real = grad k c {mode="reverse"}
}
"""


@pytest.mark.parametrize("way", list(product([(), ONE, (COLUMN,), TURNED], repeat=2)))
def test_derivatives_inside_a_function_are_those_of_each_element(way: Ways) -> None:
    """Whichever of `w` and `s` is the same for all elements."""
    graph = read_graph(INSIDE)
    labels = [*way, ()]
    repeated, out_labels = batch_graph(graph, labels, EXTENTS)
    expanded = expand(repeated)
    verify(expanded)
    given = values(repeated)
    found = run(expanded, given, SIZES)
    for place in np.ndindex(SIZES["I"], SIZES["J"]):
        at = dict(zip(TWO, place, strict=True))

        def element(value: Any, each: tuple[Label, ...], at: dict[Label, int] = at) -> Any:
            return np.asarray(value)[tuple(at[label] for label in each)]

        expected = run(expand(graph), list(map(element, given, labels)), SIZES)
        for value, each, one in zip(found, out_labels, expected, strict=True):
            np.testing.assert_allclose(element(value, each), one, rtol=1e-12, atol=1e-13)
