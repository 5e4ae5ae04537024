"""Which quantities reach which equations, through calls, loops and branches: `reaching`.

A dependence here is any at all, whether or not a derivative goes through it.  A function is one
for all its calls, so that a quantity is sometimes said to reach what only another one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.control import Loop


def reaching(graph: Graph, wanted: Callable[[Equation], bool]) -> set[Var]:
    """The quantities from which some operand of an equation that is wanted is computed."""
    sources: dict[Var, list[Var]] = {}
    found: list[Var] = []
    for equation in _every_equation(graph):
        if equation.op == "loop" or equation.op == "call":
            for result, atom in _passed_on(equation):
                if type(atom) is Var and atom is not result:
                    sources.setdefault(result, []).append(atom)
            continue
        operands = equation.inputs()
        if wanted(equation):
            found += operands
        for out in equation.outs:
            sources.setdefault(out, []).extend(operands)
    reached = set(found)
    while found:
        for source in sources.get(found.pop(), ()):
            if source not in reached:
                reached.add(source)
                found.append(source)
    return reached


def _every_equation(graph: Graph) -> Iterator[Equation]:
    """The equations of a graph, of loops in it and of functions that are called, each once."""
    seen: set[Graph] = set()
    pending = [graph]
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        for equation in here.equations:
            yield equation
            pending += [
                value
                for name, value in equation.params
                if type(value) is Graph and name != "partials"
            ]


def _passed_on(equation: Equation) -> Iterator[tuple[Var, Atom]]:
    """What stands for what on the way into a function or a loop, round it, and out of it."""
    if equation.op == "call":
        graph: Graph = equation.param("graph")
        yield from zip(graph.inputs, equation.args, strict=True)
        yield from zip(equation.outs, graph.outputs, strict=True)
        return
    loop = Loop.of(equation)
    results = loop.body.outputs
    for block in (loop.body, loop.condition):
        if block is not None:
            carried = block.inputs[1 : 1 + loop.carried]
            yield from zip(carried, loop.initial, strict=True)
            yield from zip(carried, results[: loop.carried], strict=True)
    yield from zip(loop.finals, loop.initial, strict=True)
    yield from zip((*loop.finals, *loop.collected), results, strict=True)
