"""A `call` equation as a call of another function of the module: `call`, `defined`.

Deliberately absent: which calls are replaced by what the function computes (`inlining`).
"""

from __future__ import annotations

from gradc.ir.graph import Equation, Graph
from gradc.nests.context import Context, Module
from gradc.nests.model import Buffer, CallFunction, Declare, Element, Expr, Get, Local
from gradc.nests.tables import zero


def call(context: Context, equation: Equation) -> None:
    """Write a call; arrays are passed where they are, and written where they are wanted."""
    function = context.module.of_graph[equation.param("graph")]
    arguments: list[Buffer | Expr] = []
    for arg in equation.args:
        if arg.type.shape:
            arguments.append(context.place(arg).start)
        else:
            arguments.append(context.value(arg))
    results: list[Buffer | Element | Local] = []
    for out in equation.outs:
        if out.type.shape:
            place = context.target(out)
            results.append(place.start)
            context.bind(out, place)
        else:
            local = Local(out.name, out.type.dtype, out)
            context.emit(Declare(local, zero(out.type.dtype)))
            results.append(local)
            context.bind(out, Get(local))
    context.emit(CallFunction(function, tuple(arguments), tuple(results), equation.origin))


def defined(module: Module, graph: Graph) -> None:
    """Build every function that a graph calls, those first that are called by others."""
    from gradc.nests.build import function

    for each in called(graph):
        if each not in module.of_graph:
            module.of_graph[each] = function(each.name, each, module)
            module.functions.append(module.of_graph[each])


def called(graph: Graph) -> list[Graph]:
    """The functions that a graph calls, and those that they call, each behind those it calls."""
    done: dict[Graph, None] = {}
    pending: list[tuple[Graph, bool]] = [(each, False) for each in _calls(graph)]
    while pending:
        each, ready = pending.pop()
        if each in done:
            continue
        if ready:
            done[each] = None
            continue
        pending.append((each, True))
        pending += [(inner, False) for inner in _calls(each) if inner not in done]
    return list(done)


def _calls(graph: Graph) -> list[Graph]:
    """The functions that the equations of a graph call, those in bodies of loops included."""
    found: dict[Graph, None] = {}
    pending = [graph]
    while pending:
        for equation in pending.pop().equations:
            inner = dict.fromkeys(equation.graphs())
            if equation.op == "call":
                found.update(dict.fromkeys([equation.param("graph")]))
            else:
                pending.extend(inner)
    return list(found)
