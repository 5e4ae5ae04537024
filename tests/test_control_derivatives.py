"""Derivatives of calls and loops: forward and reverse mode, and each of each.

The graphs are written as text.  `over (0, T, 1) carrying 2` stands for the parameters of a loop
that follow its body.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from derivative_checks import check_derivatives
from graph_values import Evaluator

from gradc.ad.reverse import vjp
from gradc.ir.graph import DType, Graph
from gradc.ir.read import read_graph

_END = re.compile(r"\} over (\(.*?\)) carrying (\d+)((?: \w+ [^\s}]+)*)\}")


def graph_of(text: str) -> Graph:
    """The graph of a text with short forms."""

    def parameters(match: re.Match[str]) -> str:
        words = match[3].split()
        more = dict(zip(words[::2], words[1::2], strict=True))
        return (
            f"}}, range={match[1]}, carried={match[2]}, condition=+none, counted=+false, "
            f"backwards={more.get('backwards', '+false')}, "
            f"checkpoint={more.get('checkpoint', '+none')}}}"
        )

    return read_graph(_END.sub(parameters, text))


CHAIN = """
graph chain(x: real[T], a: real) -> (J: real) {
  h: real, y: real[T] = loop a x {body=graph step(t: int, h%in: real, x: real[T]) -> \
(h%1: real, y%1: real) {
    v: real = gather x t {axes=(0)}
    w: real = mul v h%in
    h%1: real = sin w
    y%1: real = mul h%1 h%in
  } over (0, T, 1) carrying 1}
  s: real = sum y {axes=(0)}
  J: real = mul s h
}
"""

RECURRENT = """
graph recurrent(W: real[N, N], U: real[N, D], x: real[T, D], h0: real[N]) -> \
(y: real[T], h: real[N]) {
  h: real[N], s: real[N], y: real[T] = loop h0 h0 W U x {body=graph step(t: int, h%in: real[N], \
s%in: real[N], W: real[N, N], U: real[N, D], x: real[T, D]) -> \
(h%1: real[N], s%1: real[N], y%1: real) {
    xt: real[D] = gather x t {axes=(0)}
    a: real[N] = contract W h%in {spec="ij,j->i"}
    b: real[N] = contract U xt {spec="ij,j->i"}
    c: real[N] = add a b
    g: real[N] = sigmoid c
    g%1: real[N] = mul g s%in
    g%2: real[N] = sub 1.0 g
    g%3: real[N] = mul g%2 h%in
    s%1: real[N] = add g%1 g%3
    h%1: real[N] = tanh s%1
    y%1: real = contract h%1 s%in {spec="i,i->"}
  } over (0, T, 1) carrying 2}
}
"""

NESTED = """
graph nested(A: real[M, T], x: real[M], z: real) -> (J: real, r: real[M, T]) {
  J: real, r: real[M, T] = loop z A x {body=graph rows(i: int, J%in: real, A: real[M, T], \
x: real[M]) -> (J%1: real, r%1: real[T]) {
    f: real = gather x i {axes=(0)}
    p: real, q: real[T] = loop J%in A f i x {body=graph columns(j: int, p%in: real, \
A: real[M, T], f: real, i: int, x: real[M]) -> (p%1: real, q%1: real) {
      e: real = gather A i j {axes=(0, 1)}
      m: real = mul e f
      n: real = mul m p%in
      o: real = gather x i {axes=(0)}
      p%2: real = add n o
      p%1: real = cos p%2
      q%1: real = mul p%1 e
    } over (0, T, 1) carrying 1}
    J%1: real = add p f
    r%1: real[T] = mul q f
  } over (0, M, 1) carrying 1}
}
"""

RANGES = """
graph ranges(x: real[12], a: real) -> (h: real, g: real, y: real[4], z: real[3]) {
  h: real, y: real[4] = loop a x {body=graph up(t: int, h%in: real, x: real[12]) -> \
(h%1: real, y%1: real) {
    u: real = gather x t {axes=(0)}
    h%1: real = mul h%in u
    y%1: real = exp h%1
  } over (2, 12, 3) carrying 1}
  g: real, z: real[3] = loop a x {body=graph down(k: int, g%in: real, x: real[12]) -> \
(g%1: real, z%1: real) {
    v: real = gather x k {axes=(0)}
    g%2: real = mul v v
    g%1: real = add g%in g%2
    z%1: real = mul g%1 g%in
  } over (11, 2, -4) carrying 1}
}
"""

INTEGERS = """
graph integers(x: real[N], idx: int[T], a: real) -> (h: real, k: int, y: real[T]) {
  h: real, k: int, y: real[T] = loop a 0 x idx {body=graph step(t: int, h%in: real, k%in: int, \
x: real[N], idx: int[T]) -> (h%1: real, k%1: int, y%1: real) {
    j: int = gather idx t {axes=(0)}
    j%1: int = add j k%in
    j%2: int = mod j%1 size(N, int)
    v: real = gather x j%2 {axes=(0)}
    big: bool = gt v h%in
    u: real = mul v h%in
    w: real = sin v
    h%1: real = select big u w
    k%1: int = add k%in t
    r: real = real k%1
    y%1: real = mul r h%1
  } over (0, T, 1) carrying 2}
}
"""

BRANCHES = """
graph branches(x: real[T], a: real) -> (h: real) {
  h: real = loop a x {body=graph step(t: int, h%in: real, x: real[T]) -> (h%1: real) {
    v: real = gather x t {axes=(0)}
    positive: bool = gt v 0.0
    l: real = log v
    u: real = mul l h%in
    w: real = add v h%in
    h%1: real = select positive u w
  } over (0, T, 1) carrying 1}
}
"""

OVERWRITTEN = """
graph overwritten(x: real[T], a: real, b: real) -> (last: real, first: real, c: real) {
  last: real, first: real, c: real = loop a b b x {body=graph step(t: int, last%in: real, \
first%in: real, c%in: real, x: real[T]) -> (last%1: real, first%1: real, c%1: real) {
    last%1: real = gather x t {axes=(0)}
    first%1: real = copy first%in
    c%1: real = mul last%in 2.0
  } over (0, T, 1) carrying 3}
}
"""

FUNCTIONS = """
graph square(t: real) -> (s: real) {
  s: real = mul t t
}

graph pair(u: real, v: real, k: int) -> (p: real, q: real, n: int) {
  a: real = call u {graph=@square}
  b: real = call v {graph=@square}
  p: real = mul a b
  e: real = exp v
  q: real = add e u
  n: int = add k 1
}

graph functions(x: real, y: real, k: int) -> (J: real, m: int) {
  p: real, q: real, n: int = call x y k {graph=@pair}
  r: real, s: real, m: int = call q 2.0 n {graph=@pair}
  t: real, w: real, o: int = call p p n {graph=@pair}
  J%1: real = mul r t
  J: real = add J%1 q
}
"""

VECTORS = """
graph rotate(r: real[3], x: real[3]) -> (y: real[3]) {
  d: real = contract r r {spec="i,i->"}
  c: real = cos d
  s: real = sin d
  a: real[3] = mul c x
  b: real[3] = mul s r
  y: real[3] = add a b
}

graph vectors(R: real[P, 3], X: real[P, 3]) -> (J: real, Y: real[P, 3]) {
  J: real, Y: real[P, 3] = loop 0.0 R X {body=graph loop_p(p: int, J%in: real, R: real[P, 3], \
X: real[P, 3]) -> (J%1: real, Y%1: real[3]) {
    R%1: real[3] = gather R p {axes=(0)}
    X%1: real[3] = gather X p {axes=(0)}
    z: real[3] = call R%1 X%1 {graph=@rotate}
    Y%1: real[3] = call z X%1 {graph=@rotate}
    J%2: real = contract Y%1 z {spec="i,i->"}
    J%1: real = add J%in J%2
  } over (0, P, 1) carrying 1}
}
"""

WITHIN = """
graph power(x: real, n: real[T]) -> (p: real) {
  p: real = loop 1.0 x n {body=graph step(t: int, p%in: real, x: real, n: real[T]) -> (p%1: real) {
    e: real = gather n t {axes=(0)}
    f: real = mul x e
    p%1: real = mul p%in f
  } over (0, T, 1) carrying 1}
}

graph within(x: real, y: real, n: real[T]) -> (J: real) {
  a: real = call x n {graph=@power}
  b: real = call y n {graph=@power}
  J: real = mul a b
}
"""

AUTHORED = """
graph norm2(x: real[N], c: real) -> (s: real) {
  s%1: real = contract x x {spec="i,i->"}
  s: real = mul c s%1
}

graph norm2_partials(x: real[N], c: real) -> (dx: real[N], dc: real) {
  dx%1: real[N] = mul 2.0 x
  dx: real[N] = mul c dx%1
  dc: real = contract x x {spec="i,i->"}
}

graph scaled(x: real[N], k: int, a: real) -> (y: real[N]) {
  y%1: real[N] = exp x
  y: real[N] = mul a y%1
}

graph scaled_partials(x: real[N], k: int, a: real) -> (dx: real[N], da: real[N]) {
  e: real[N] = exp x
  dx: real[N] = mul a e
  da: real[N] = copy e
}

graph authored(x: real[N], a: real, c: real) -> (J: real) {
  y: real[N] = call x 3 a {graph=@scaled, partials=@scaled_partials}
  n: real = call y c {graph=@norm2, partials=@norm2_partials}
  z: real = call x 2.0 {graph=@norm2, partials=@norm2_partials}
  J: real = mul n z
}
"""

CASES: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    "a chain": (CHAIN, {"x": [0.3, 0.5, 1.2, -0.4], "a": 0.7}, {"T": 4}),
    "a chain of no links": (CHAIN, {"x": np.zeros(0), "a": 0.7}, {"T": 0}),
    "a recurrent network": (
        RECURRENT,
        {
            "W": [[0.3, -0.2], [0.5, 0.1]],
            "U": [[0.2, 0.3, -0.4], [0.6, -0.1, 0.2]],
            "x": np.linspace(-1, 1, 12).reshape(4, 3),
            "h0": [0.4, -0.3],
        },
        {"N": 2, "D": 3, "T": 4},
    ),
    "nested loops": (
        NESTED,
        {"A": [[0.3, 0.7, -0.2], [1.1, 0.4, 0.6]], "x": [0.5, -0.8], "z": 0.9},
        {"M": 2, "T": 3},
    ),
    "ranges with steps": (RANGES, {"x": np.linspace(0.2, 1.3, 12), "a": 0.5}, {}),
    "integers and truths": (
        INTEGERS,
        {"x": [0.5, 1.5, -0.3], "idx": [2, 0, 1, 1, 2], "a": 0.8},
        {"N": 3, "T": 5},
    ),
    "branches in a body": (BRANCHES, {"x": [0.5, -1.5, 0.3, 1.7], "a": 0.8}, {"T": 4}),
    "carried quantities that are overwritten": (
        OVERWRITTEN,
        {"x": [1.0, 2.0, 4.0], "a": 0.5, "b": 0.25},
        {"T": 3},
    ),
    "functions of functions": (FUNCTIONS, {"x": 0.4, "y": 0.7, "k": 2}, {}),
    "calls in a loop": (
        VECTORS,
        {"R": np.linspace(0, 0.5, 6).reshape(2, 3), "X": np.linspace(1, -1, 6).reshape(2, 3)},
        {"P": 2},
    ),
    "a loop in a function": (WITHIN, {"x": 0.4, "y": 0.7, "n": [1.0, 2.0, 0.5]}, {"T": 3}),
    "derivatives of the author's": (
        AUTHORED,
        {"x": [0.3, -0.2, 0.1], "a": 0.7, "c": 1.3},
        {"N": 3},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_mode_of_every_mode(name: str) -> None:
    text, data, sizes = CASES[name]
    check_derivatives(graph_of(text), data, sizes)


def stopping(checkpoint: str = "+none", start: int = 0) -> Graph:
    """Newton's iteration for the square root of `a`, until the step is small."""
    return graph_of(f"""
graph stopping(a: real, x0: real, err0: real) -> (x: real, n: int, y: real[T]) {{
  x: real, err: real, y: real[T], n: int = loop x0 err0 a {{body=graph newton(k: int, \
x%in: real, err%in: real, a: real) -> (x%1: real, err%1: real, y%1: real) {{
    q: real = div a x%in
    m: real = add x%in q
    x%1: real = mul 0.5 m
    d: real = sub x%1 x%in
    err%1: real = mul d d
    y%1: real = mul d x%in
  }}, range=({start}, T + {start}, 1), carried=2, condition=graph while(k: int, x%in: real, \
err%in: real, a: real) -> (go: bool) {{
    big: bool = gt err%in 0.000001
    early: bool = lt k 5
    go: bool = and big early
  }}, counted=+false, backwards=+false, checkpoint={checkpoint}}}
}}
""")


@pytest.mark.parametrize(
    ("err", "most", "steps"), [(-1.0, 4, 0), (1.0, 2, 2), (1.0, 9, 3), (1.0, 0, 0)]
)
@pytest.mark.parametrize("checkpoint", ["+none", "1", "2", "3", "T + 1"])
def test_a_loop_that_stops(err: float, most: int, steps: int, checkpoint: str) -> None:
    data = {"a": 2.0, "x0": 1.3, "err0": err}
    graph = stopping(checkpoint)
    assert Evaluator({"T": most}).run(graph, data)["n"] == steps
    check_derivatives(graph, data, {"T": most})


@pytest.mark.parametrize("checkpoint", ["+none", "1", "2", "3"])
def test_a_condition_that_reads_the_counter(checkpoint: str) -> None:
    data = {"a": 2.0, "x0": 1.3, "err0": 1.0}
    graph = stopping(checkpoint, start=3)
    assert Evaluator({"T": 6}).run(graph, data)["n"] == 2
    check_derivatives(graph, data, {"T": 6})


CHECKPOINTED = ["a chain", "a recurrent network", "integers and truths", "nested loops"]


def with_checkpoints(text: str, checkpoint: str) -> Graph:
    return graph_of(re.sub(r"carrying (\d+)\}", rf"carrying \1 checkpoint {checkpoint}}}", text))


def reverse_run(graph: Graph, data: dict[str, Any], sizes: dict[str, int]) -> tuple[list[Any], int]:
    """The adjoints for seeds of ones, and how many numbers loops keep at once."""
    derived = vjp(graph, [var for var in graph.inputs if var.type.dtype is DType.REAL])
    evaluator = Evaluator(sizes)
    seeds = {}
    for seed in derived.seeds:
        kind = float if seed.type.dtype is DType.REAL else int
        seeds[seed.name] = np.ones(evaluator.shape(seed.type.shape), kind)
    found = evaluator.run(derived.graph, {**data, **seeds})
    return [found[var.name] for var in derived.adjoints], evaluator.most_kept


@pytest.mark.parametrize("checkpoint", ["1", "2", "3", "7", "K"])
@pytest.mark.parametrize("name", CHECKPOINTED)
def test_checkpoints_change_no_derivative(name: str, checkpoint: str) -> None:
    text, data, sizes = CASES[name]
    graph, sizes = with_checkpoints(text, checkpoint), {**sizes, "K": 2}
    check_derivatives(graph, data, sizes, second=checkpoint in ("2", "K"))
    expected, _ = reverse_run(graph_of(text), data, sizes)
    found, _ = reverse_run(graph, data, sizes)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)


def test_checkpoints_keep_less() -> None:
    sizes = {"N": 5, "D": 1, "T": 400}
    data = {"W": np.eye(5), "U": np.ones((5, 1)), "x": np.zeros((400, 1)), "h0": np.ones(5)}
    _, every = reverse_run(graph_of(RECURRENT), data, sizes)
    _, some = reverse_run(with_checkpoints(RECURRENT, "20"), data, sizes)
    assert some < every / 5


NESTED_WHILE = """
graph inner(v: real, w: real) -> (u: real, m: int) {
  u: real, m: int = loop v w {body=graph halve(k: int, u%in: real, w: real) -> (u%1: real) {
    u%2: real = mul u%in w
    u%1: real = sin u%2
  }, range=(0, 6, 1), carried=1, condition=graph while(k: int, u%in: real, w: real) -> (go: bool) {
    go: bool = gt u%in 0.2
  }, counted=+false, backwards=+false, checkpoint=+none}
}

graph nested_while(x: real[T], w: real) -> (s: real, c: int, y: real[T]) {
  s: real, c: int, y: real[T] = loop w 0 w x {body=graph step(t: int, s%in: real, c%in: int, \
w: real, x: real[T]) -> (s%1: real, c%1: int, y%1: real) {
    v: real = gather x t {axes=(0)}
    u: real, m: int = call v w {graph=@inner}
    p: real, q: int = loop u s%in w {body=graph more(i: int, p%in: real, s%in: real, w: real) -> \
(p%1: real) {
      p%2: real = mul p%in s%in
      p%3: real = cos p%2
      p%1: real = mul p%3 w
    }, range=(0, 3, 1), carried=1, condition=graph go(i: int, p%in: real, s%in: real, w: real) -> \
(on: bool) {
      on: bool = lt p%in 0.6
    }, counted=+false, backwards=+false, checkpoint=+none}
    s%2: real = mul s%in p
    s%1: real = add s%2 u
    c%2: int = add c%in m
    c%1: int = add c%2 q
    y%1: real = mul p u
  } over (0, T, 1) carrying 2}
}
"""

COUNTED = """
graph counted(x: real[T], n: int, a: real) -> (h: real, y: real[T]) {
  h: real, y: real[T] = loop n a x {body=graph step(t: int, h%in: real, x: real[T]) -> \
(h%1: real, y%1: real) {
    v: real = gather x t {axes=(0)}
    w: real = mul v h%in
    h%1: real = sin w
    y%1: real = mul h%1 h%in
  }, range=(0, T, 1), carried=1, condition=+none, counted=+true, backwards=BACK, checkpoint=CHECK}
}
"""

SHARED = """
graph twice(u: real, v: real) -> (p: real, q: real, r: real) {
  p: real = mul u v
  q: real = copy u
  r: real = mul u 3.0
}

graph shared(x: real) -> (J: real) {
  p: real, q: real, r: real = call x x {graph=@twice}
  h: real, k: real = loop p x x q {body=graph step(t: int, h%in: real, k%in: real, x: real, \
q: real) -> (h%1: real, k%1: real) {
    a: real, b: real, c: real = call h%in x {graph=@twice}
    k%2: real = mul k%in q
    k%1: real = add k%2 a
    h%1: real = mul b c
  } over (0, 2, 1) carrying 2}
  J: real = mul h k
}
"""


def test_loops_that_stop_in_loops_and_functions() -> None:
    data = {"x": [0.9, 0.1, 1.4], "w": 0.8}
    graph = graph_of(NESTED_WHILE)
    assert Evaluator({"T": 3}).run(graph, data)["c"] == 15
    check_derivatives(graph, data, {"T": 3})


@pytest.mark.parametrize("n", [0, 1, 3, 5])
@pytest.mark.parametrize(
    ("back", "check"), [("+false", "+none"), ("+true", "+none"), ("+false", "2")]
)
def test_a_loop_of_which_some_steps_are_run(n: int, back: str, check: str) -> None:
    graph = graph_of(COUNTED.replace("BACK", back).replace("CHECK", check))
    data = {"x": [0.3, 0.5, 1.2, -0.4, 0.8], "n": n, "a": 0.7}
    check_derivatives(graph, data, {"T": 5})


def test_one_quantity_in_several_places() -> None:
    check_derivatives(graph_of(SHARED), {"x": 0.7})


def test_derivatives_by_some_inputs_only() -> None:
    for name, wrt in (("a recurrent network", ["U"]), ("nested loops", ["x"]), ("a chain", ["a"])):
        text, data, sizes = CASES[name]
        check_derivatives(graph_of(text), data, sizes, wrt)


def test_what_no_output_reads_is_not_computed() -> None:
    text, _, _ = CASES["a recurrent network"]
    graph = graph_of(text.replace("-> (y: real[T], h: real[N])", "-> (h: real[N])", 1))
    derived = str(vjp(graph, graph.inputs).graph)
    assert "y%1" not in derived
