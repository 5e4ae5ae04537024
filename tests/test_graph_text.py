"""The printed form of a graph reads back as the same graph."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.compiler import compile_program
from gradc.diagnostics import Source, SourceError
from gradc.frontend.lower import check
from gradc.ir.dims import Dim
from gradc.ir.graph import Graph, Var
from gradc.ir.read import read_graph
from gradc.passes.verify import InvalidGraphError, verify
from gradc.targets.python.emit import emit

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.g"))

PROGRAMS = {
    "non-finite literals": "y = x + 9**9**9**9",
    "names like literals": "y = inf*nan + at*size",
    "slices and positions": "param x[N]\ny = x[1:] - x[:N-1]\nz = sum(y) + x[3]",
    "polynomial sizes": "dim D\ninput l[D*(D-1)//2], q[D]\nJ = sum(l) + sum(q)/D + zeros(2*D+1)[D]",
    "matrices": "input A[N, D], B[D, N]\nC = (A @ B).T\nJ = trace(C) + sum(reshape(A, N*D))",
    "selection": "y = log(x) if x > 0 else 0",
    "integers": "input k[N] in 5, x[N]\nJ = sum(where(k == 2, x, 0.0))",
    "parameters": "y = x**-3 + digamma(x)",
}


def without_comments(text: str) -> str:
    return re.sub(r" +# .*", "", text)


def assert_reads_back(graph: Graph) -> None:
    printed = str(graph)
    again = read_graph(printed)
    assert str(again) == without_comments(printed)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_and_their_derivatives_read_back(path: Path) -> None:
    source = Source(path.name, path.read_text())
    assert_reads_back(check(source).graph)
    program = compile_program(source)
    assert_reads_back(program.graph)
    assert_reads_back(vjp(program.graph, program.wrt()).graph)
    assert_reads_back(jvp(program.graph, program.wrt()).graph)


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_every_kind_of_operand_and_parameter_reads_back(text: str) -> None:
    program = check(Source("t.g", text))
    assert_reads_back(program.graph)
    assert_reads_back(vjp(program.graph, program.wrt()).graph)


def test_a_graph_that_was_read_emits_the_same_code() -> None:
    program = check(Source("t.g", "u = b*c\nv = a+u\nJ = 3*sin(v)"))
    read = read_graph(str(program.graph))
    again = program.__class__(**{**vars(program), "graph": read})
    code = without_comments(emit(again, again.wrt()).text)
    assert code == without_comments(emit(program, program.wrt()).text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "graph",
        "graph g(a: real) -> (b: real) {\n}",
        "graph g(a: real) -> (a: real) {\n  b: real = add a c\n}",
        "graph g(a: real) -> (a: real) {\n  a: real = neg a\n}",
        "graph g(a: wood) -> (a: real) {\n}",
        "graph g(a: real[N) -> (a: real) {\n}",
        "graph g(a: real) -> (a: real) {\n  b: real = ipow a {m=3}\n}",
    ],
)
def test_any_other_text_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_graph(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "G0706"
    assert diagnostic.labels


def test_sizes_print_and_read_as_the_same_polynomial() -> None:
    n, d = Dim.of("N"), Dim.of("D")
    half = (d * (d - 1)).divided(2)
    assert half is not None
    for dim in (n, n - 1, -n + 3, n * 2 + d * d - 7, half, half + n, Dim.of(0), Dim.of(-4)):
        text = f"graph g(x: real[{dim}]) -> (x: real[{dim}]) {{\n}}"
        assert read_graph(text).inputs[0].type.shape == (dim,)


CONTROL = """\
graph softplus(t: real) -> (y: real) {
  y: real = log1pexp t
}

graph softplus.2(t: real[N]) -> (y: real[N]) {
  y: real[N] = log1pexp t
}

graph control(x: real[N], w: real, h0: real) -> (h: real, y: real[2*N]) {
  q: real = call w {graph=@softplus}
  r: real[N] = call x {graph=@softplus.2}
  h: real, y: real[2*N], n: int = loop h0 q {body=graph step(t: int, h%in: real, q: real) -> \
(h%next: real, y%in: real) {
    h%next: real = mul h%in q
    y%in: real = copy h%next
  }, range=(0, 2*N, 1), carried=1, condition=graph while(t: int, h%in: real, q: real) -> \
(h%1: bool) {
    h%1: bool = lt h%in 3.0
  }, counted=+false, backwards=+false, checkpoint=+none}
}
"""


def test_functions_stand_before_their_calls_and_bodies_in_their_loops() -> None:
    graph = read_graph(CONTROL)
    verify(graph)
    assert str(graph) == CONTROL
    loop = graph.equations[-1]
    assert loop.param("body").inputs[2] is loop.args[1] is graph.equations[0].out


def test_a_function_that_is_called_twice_is_one() -> None:
    graph = read_graph(CONTROL.replace("r: real[N] = call x {graph=@softplus.2}\n  ", ""))
    again = graph.equations[0]._replace(out=Var("r"))
    twice = replace(graph, equations=(graph.equations[0], again))
    assert str(replace(twice, outputs=(again.out,))).count("graph softplus") == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("(t: int, h%in: real, q: real) -> (h%n", "(t: int, h%in: real, w: real) -> (h%n", "other"),
        ("n: int = loop", "n: real = loop", "the results of h"),
        ("lt h%in 3.0", "lt w 3.0", "reads w before"),
        ("call x {graph=@softplus.2}", "call x {graph=@softplus}", "not those of its graph"),
        ("r: real[N] = call x", "r: real[N] = call w", "does not take its operands"),
        ("graph=@softplus.2}", "graph=@softplus.2, partials=@softplus}", "have other inputs"),
        ("backwards=+false", "backwards=+true", "run backwards"),
    ],
)
def test_graphs_within_graphs_are_verified(old: str, new: str, fault: str) -> None:
    assert old in CONTROL
    with pytest.raises(InvalidGraphError, match=re.escape(fault)):
        verify(read_graph(CONTROL.replace(old, new)))
