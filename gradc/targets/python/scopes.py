"""What one function of an emitted module holds: its variables, loops included, and its calls.

A body of a loop stands in the scope of the function around it; a graph that is called has a
scope of its own.  Invariant: iterative in the depth of calls; recursive only in the nesting of
loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop


def all_equations(equations: Iterable[Equation]) -> Iterator[Equation]:
    """Equations, and after each loop those of its condition and body."""
    for equation in equations:
        yield equation
        if equation.op == "loop":
            for graph in equation.graphs():
                yield from all_equations(graph.equations)


def variables(graph: Graph) -> Iterator[Var]:
    """The variables of one scope, in order of definition."""
    yield from graph.inputs
    yield from _defined(graph.equations)


def _defined(equations: Iterable[Equation]) -> Iterator[Var]:
    for equation in equations:
        if equation.op == "loop":
            for graph in equation.graphs():
                yield from graph.inputs
                yield from _defined(graph.equations)
        yield from equation.outs


def indices(equations: Iterable[Equation]) -> Iterator[str]:
    """The names of the indices of loops, as far as they have one."""
    for equation in all_equations(equations):
        if equation.op == "loop":
            index = Loop.of(equation).body.inputs[0]
            if not index.anonymous:
                yield index.name


def called(equations: Iterable[Equation]) -> Iterator[Graph]:
    """The graphs that equations call, with repetition."""
    for equation in all_equations(equations):
        if equation.op == "call":
            yield equation.param("graph")


def functions(equations: Iterable[Equation]) -> list[Graph]:
    """All graphs that are called, also by one another, each behind those that it calls."""
    order: dict[Graph, None] = {}
    todo = [(graph, False) for graph in reversed(list(called(equations)))]
    while todo:
        graph, done = todo.pop()
        if done:
            order.setdefault(graph)
        elif graph not in order:
            todo.append((graph, True))
            todo += [(g, False) for g in reversed(list(called(graph.equations))) if g not in order]
    return list(order)
