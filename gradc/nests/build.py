"""A graph as a function of loop nests: `build`.

Parameters are the inputs of the graph, results its outputs, in order: locals for scalars, buffers
for arrays.  An output that is an input is copied; one that is there twice is computed once.

Deliberately absent: what primitives compute, and the fixing of sizes and of inputs, which makes
another graph first (`specialise`).
"""

from __future__ import annotations

from gradc.ir.graph import Graph, Var
from gradc.nests.calls import defined
from gradc.nests.context import Context, Module, Place
from gradc.nests.edges import without_edges
from gradc.nests.expand import expanded
from gradc.nests.inlining import without_small_calls
from gradc.nests.interchange import interchanged
from gradc.nests.model import Buffer, Copy, Function, Get, Let, Local
from gradc.nests.padding import padded
from gradc.nests.rows import complete
from gradc.nests.scratch import planned
from gradc.nests.staggered import staggered


def build(name: str, graph: Graph, module: Module | None = None) -> Function:
    """The function that computes the outputs of a graph; those that it calls are in `module`."""
    graph = expanded(without_small_calls(graph))
    module = module or Module()
    defined(module, graph)
    return function(name, graph, module)


def function(name: str, graph: Graph, module: Module) -> Function:
    """The function for one graph, when those that it calls are there."""
    module.complete |= complete(graph)
    context = Context(module)
    parameters: list[Buffer | Local] = []
    for var in graph.inputs:
        if var.type.shape:
            buffer = Buffer(var.name, var.type.dtype, var.type.shape, "input", var)
            context.bind(var, Place(buffer))
            parameters.append(buffer)
        else:
            local = Local(var.name, var.type.dtype, var)
            context.bind(var, Get(local))
            parameters.append(local)
    outputs = [var for var in dict.fromkeys(graph.outputs) if var not in graph.inputs]
    wanted = {var: Place(_output(var)) for var in outputs if var.type.shape}
    context.run(graph.equations, wanted, graph.outputs)
    results = _results(context, graph, wanted)
    body = without_edges(staggered(interchanged(context.statements)))
    body = padded(parameters, results, body)
    return planned(name, tuple(parameters), results, body)


def _output(var: Var) -> Buffer:
    return Buffer(var.name, var.type.dtype, var.type.shape, "output", var)


def _results(
    context: Context, graph: Graph, wanted: dict[Var, Place]
) -> tuple[Buffer | Local, ...]:
    results: list[Buffer | Local] = []
    for var in graph.outputs:
        if not var.type.shape:
            value = context.value(var)
            if not isinstance(value, Get):
                local = Local(var.name, var.type.dtype, var)
                context.emit(Let(local, value))
                value = Get(local)
            results.append(value.local)
        elif var in wanted and wanted[var].buffer not in results:
            results.append(wanted[var].buffer)
        else:
            again = _output(var)
            context.emit(Copy(again, context.place(var).buffer))
            results.append(again)
    return tuple(results)
