"""Loops, calls and sums in place as loop nests: they compute what the graph means, and touch no
more memory than they have to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import test_control_derivatives as graphs
import test_loops
from test_control_linear import chain, doubling
from test_nests import agree, agree_in_all, derivatives, seeds_for

from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.ir.graph import DType, Graph
from gradc.nests.build import build
from gradc.nests.context import Module
from gradc.nests.model import Buffer, CallFunction, Const, Element, Fill, For, Function, Stmt, Store
from gradc.nests.walk import bodies


def statements(body: Sequence[Stmt], depth: int = 0) -> Iterator[tuple[Stmt, int]]:
    """All statements, with how many loops are around each."""
    for stmt in body:
        yield stmt, depth
        for part in bodies(stmt):
            yield from statements(part, depth + isinstance(stmt, For))


def calls(function: Function) -> list[str]:
    return [s.function.name for s, _ in statements(function.body) if isinstance(s, CallFunction)]


def check(graph: Graph, data: dict[str, Any], sizes: dict[str, int]) -> None:
    """A graph, both its derivatives, and those of the reverse sweep."""
    wrt = [var for var in graph.inputs if var.type.dtype is DType.REAL]
    reverse, forward = vjp(graph, wrt).graph, jvp(graph, wrt).graph
    values = [np.asarray(data[var.name]) for var in graph.inputs]
    for each in (graph, reverse, forward):
        agree(each, [*values, *seeds_for(each, len(values), sizes)], sizes, tight=True)
    for second in (vjp(reverse, wrt).graph, jvp(reverse, wrt).graph):
        agree(second, [*values, *seeds_for(second, len(values), sizes)], sizes, tight=False)


@pytest.mark.parametrize("name", graphs.CASES)
def test_graphs_in_every_mode(name: str) -> None:
    text, data, sizes = graphs.CASES[name]
    check(graphs.graph_of(text), data, sizes)


@pytest.mark.parametrize("name", test_loops.ALL)
def test_programs(name: str) -> None:
    text, data, _ = test_loops.ALL[name]
    program, every = derivatives(text + "\n")
    agree_in_all(program, every, data)


@pytest.mark.parametrize(("err", "most"), [(1e-3, 6), (1e-3, 3), (1e9, 6), (1e-3, 0)])
@pytest.mark.parametrize("checkpoint", ["", " checkpoint 1", " checkpoint 2", " checkpoint 100"])
def test_loops_that_stop(err: float, most: int, checkpoint: str) -> None:
    text = f"""
    dim M = {most}
    param a[2], tolerance
    loop k in M carry x = a, err = 1 while err > tolerance{checkpoint} {{
        step = 0.5*(x - a/x)
        x = x - step
        err = norm(step)
        seen[k] = x
        flags[k] = step > 0.01
    }}
    J = sum(seen^2) + sum(x)
    """
    program, every = derivatives(text)
    data = {"a": np.array([2.0, 3.0]), "tolerance": err}
    agree_in_all(program, every, data)


@pytest.mark.parametrize("n", [0, 1, 3, 5])
@pytest.mark.parametrize("checkpoint", ["+none", "2"])
def test_loops_of_which_some_steps_are_run(n: int, checkpoint: str) -> None:
    text = graphs.COUNTED.replace("checkpoint +none", f"checkpoint {checkpoint}")
    graph = graphs.graph_of(text.replace("BACK", "+false").replace("CHECK", checkpoint))
    check(graph, {"x": np.linspace(0.2, 1.1, 5), "a": 0.7, "n": n}, {"T": 5})


SWAP = """
param a[3], b[3], c
loop k in 5 carry x = a, y = b, s = c, t = 1.0 {
    x = y
    y = x*s
    s = t
    t = s + sum(x)
}
J = sum(x*y) + s*t
"""

ROWS = """
param W[R, D], b[D]
input which[T] in R
loop t in T carry total = 0 {
    w = W[which[t]]
    total = total + sum(tanh(w*b))^2
}
J = total
"""

PARTS = """
param x[N, 3], y[N]
J = sum(sin(x[0])) + sum(x[N - 1]^2) + dot(x[:, 1], y) + exp(x[0, 2]) + sum(y[1:N]*y[0:N - 1])
"""


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (SWAP, {"a": [0.1, 0.2, 0.3], "b": [1.0, 0.5, 0.2], "c": 0.9}),
        (
            ROWS,
            {"W": np.linspace(-1, 1, 12).reshape(4, 3), "b": [1.0, 2.0, 0.5], "which": [1, 3, 1]},
        ),
        (ROWS, {"W": np.ones((4, 3)), "b": [1.0, 2.0, 0.5], "which": []}),
        (PARTS, {"x": np.linspace(-1, 1, 12).reshape(4, 3), "y": [1.0, 2.0, -1.0, 0.5]}),
        (PARTS, {"x": np.ones((1, 3)), "y": [1.5]}),
    ],
)
def test_what_is_overwritten(text: str, data: dict[str, Any]) -> None:
    program, every = derivatives(text)
    agree_in_all(program, every, data)


def test_sums_of_rows_are_added_in_place() -> None:
    """The gradient of a table of which a step reads one row: no pass over the table in a step."""
    _, (_, graph, _) = derivatives(ROWS)
    function = build("f", graph)
    table = next(r for r in function.results if isinstance(r, Buffer) and len(r.shape) == 2)
    size = table.shape
    stores = [
        stmt.op
        for stmt, _ in statements(function.body)
        if isinstance(stmt, Store) and stmt.target.buffer is table
    ]
    assert stores[0] is None  # zeros
    assert set(stores[1:]) == {"add"}  # what a step adds, of several steps together
    assert not any(buffer.shape == size for buffer, _ in function.scratch)


def test_parts_outside_of_loops_are_added_to_one_array() -> None:
    _, (_, graph, _) = derivatives(PARTS)
    function = build("f", graph)
    whole = next(r for r in function.results if isinstance(r, Buffer) and len(r.shape) == 2)
    stores = [s for s, _ in statements(function.body) if isinstance(s, Store)]
    stored = [s for s in stores if s.target.buffer is whole and s.value == Const(0.0)]
    filled = [s for s, _ in statements(function.body) if isinstance(s, Fill) and s.buffer is whole]
    assert len(stored) + len(filled) == 1
    assert not any(buffer.shape == whole.shape for buffer, _ in function.scratch)


def test_a_row_that_was_kept_is_not_copied() -> None:
    text = """
    param h0[D], w[D]
    loop t in T carry h = h0 {
        h = tanh(w*h)
        y[t] = sum(h)
    }
    J = sum(y)
    """.replace("in T", "in 9")
    _, (_, graph, _) = derivatives(text)
    backwards = [
        s for s, depth in statements(build("f", graph).body) if isinstance(s, For) and s.step < 0
    ]
    stores = [
        s.value.buffer
        for loop in backwards
        for s, _ in statements(loop.body)
        if isinstance(s, Store) and isinstance(s.value, Element)
    ]
    assert not any(len(buffer.shape) == 2 for buffer in stores)


def test_small_functions_are_inlined() -> None:
    module = Module()
    assert not calls(build("f", graphs.graph_of(graphs.FUNCTIONS), module))
    assert not module.functions


def test_what_inlining_adds_is_bounded() -> None:
    for n in (20, 40):
        module = Module()
        build("f", graphs.graph_of(doubling(n)), module)
        size = sum(len(function.body) for function in module.functions)
        assert 0 < size < 100 * n
    many = build("f", graphs.graph_of(chain(5000)), module := Module())
    assert len(many.body) < 50_000
    assert len(module.functions) == 1


def test_a_function_is_called_where_it_is_large() -> None:
    body = "\n".join(f"    u{i + 1} = sin(u{i}*x)" for i in range(80))
    text = f"""
    param a[3], b[3]
    def f(x[D], y[D]) {{
        u0 = y
    {body}
        return u80
    }}
    loop t in 3 carry z = a {{
        z = f(z, b) + f(b, z)
    }}
    J = sum(z)
    """
    program, every = derivatives(text)
    data = {"a": np.array([0.1, 0.2, 0.3]), "b": np.array([1.0, 0.5, 0.2])}
    assert all(calls(build("f", graph)) for graph in every)
    agree_in_all(program, every, data)


STOPPING = """
param a[3]
dim M = 40
loop k in M carry x = a, err = 1 while err > 1e-3 {
    loop l in M carry y = x, gap = 1 while gap > 1e-4 {
        step = 0.5*(y - x/y)
        y = y - step
        gap = sum(step^2)
        SEEN
    }
    change = y - x
    x = y
    err = sum(change^2)
}
J = sum(x*exp(x))MORE
"""


def rows_of_zeros(function: Function) -> int:
    """How many loops write zeros in the rows of steps that were not run."""
    loops = [s for s, _ in statements(function.body) if isinstance(s, For)]
    return sum(loop.variable.name == "row" for loop in loops)


@pytest.mark.parametrize("seen", [False, True])
def test_rows_of_steps_that_are_not_run(seen: bool) -> None:
    """They are zeros where they are read, and are not written for the reverse sweep."""
    text = STOPPING.replace("SEEN", "s[l] = sin(y)" if seen else "")
    text = text.replace("MORE", " + sum(t)" if seen else "")
    text = text.replace("    change", "    t[k] = sum(s)\n    change") if seen else text
    program, every = derivatives(text)
    data = {"a": np.array([2.0, 3.0, 0.5])}
    agree_in_all(program, every, data)
    assert (rows_of_zeros(build("f", every[1])) > 0) == seen
