"""What one function of an emitted module holds: its variables, loops included, and its calls.

A body of a loop stands in the scope of the function around it; a graph that is called has a
scope of its own.  Invariant: iterative in the depth of calls; recursive only in the nesting of
loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop


def all_equations(equations: Iterable[Equation]) -> Iterator[Equation]:
    """Equations, and before each loop those of its condition and body."""
    for equation in equations:
        if equation.op == "loop":
            for graph in equation.graphs():
                yield from all_equations(graph.equations)
        yield equation


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


def named(graphs: Iterable[Graph]) -> tuple[dict[str, None], set[str]]:
    """The names in one scope of several graphs, in order, and those of them, or left of them,
    that are of nothing but the indices of loops."""
    indices: set[Var] = set()
    for graph in graphs:
        loops = (eq for eq in all_equations(graph.equations) if eq.op == "loop")
        indices.update(Loop.of(equation).body.inputs[0] for equation in loops)
    names: dict[str, None] = {}
    others: set[str] = set()
    for var in chain.from_iterable(map(variables, graphs)):
        if not var.anonymous:
            names.setdefault(var.name)
            if var not in indices:
                others.add(var.name)
    return names, {index.name.split("%")[0] for index in indices} - others


def stacks(equations: Iterable[Equation]) -> set[Var]:
    """What loops collect without a name, and what holds that of several loops or is a row of it.

    The equations of a function stand before its calls.
    """
    depths: dict[Var, int] = {}  # how many axes are those of loops
    for equation in equations:
        match equation.op:
            case "loop":
                loop = Loop.of(equation)
                values = loop.body.outputs[loop.carried :]
                for out, value in zip(loop.collected, values, strict=True):
                    if out.anonymous:
                        depths[out] = depths.get(value, 0) + 1
            case "call":
                for out, value in zip(equation.outs, equation.param("graph").outputs, strict=True):
                    if value in depths and out.anonymous:
                        depths[out] = depths[value]
            case "gather" | "copy" if equation.args[0] in depths:
                depths[equation.out] = depths[equation.args[0]] - len(equation.args[1:])
    return {var for var, depth in depths.items() if depth > 0}


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
