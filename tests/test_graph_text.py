"""The printed form of a graph reads back as the same graph."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.diagnostics import Source, SourceError
from gradc.frontend.lower import check
from gradc.ir.dims import Dim
from gradc.ir.graph import Graph
from gradc.ir.read import read_graph
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
    program = check(Source(path.name, path.read_text()))
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
