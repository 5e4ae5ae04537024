"""Derivatives of calls: calls of the derivatives of the function.

Forward mode calls a function that returns the results and then their tangents.  Reverse mode
replaces the call by one that also returns what the reverse sweep of the function reads, and
calls that sweep, as a function of its own, with it.  Where that is too much to return, the sweep
computes it again from the operands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradc.ad.authored import pull_authored, push_authored
from gradc.ad.context import Context, Positions, ReverseGraphs, TangentGraph
from gradc.ad.names import adjoint_name, settle, tangent_name
from gradc.ad.preparation import opened
from gradc.ad.residuals import Residuals
from gradc.ad.rules import Before, authored_partials
from gradc.ad.sweep import Primal, Sweep
from gradc.ad.tangents import Tangents
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.passes.dead import only_needed

# A function that would save more results than this for its reverse sweep computes them again
# there.  Without a limit they would double with each function that calls another one twice.
MOST_SAVED = 24

# Forward mode


def push_call(tangents: Tangents, equation: Equation) -> None:
    """Write a call with the tangents of its results."""
    moving = tangents.moving(equation)
    if not moving:
        tangents.keep(equation)
        return
    if authored_partials(equation) is not None:
        push_authored(tangents, equation)
        return
    graph: Graph = equation.param("graph")
    found = _tangent_graph(tangents.context, graph, frozenset(moving), tangents.alone)
    if not found.moving:
        tangents.keep(equation)
        return
    tangents.begin(equation)
    moved = [equation.outs[i] for i in found.moving]
    dots = [tangents.variable(out) for out in moved]
    outs = dots if tangents.alone else [*equation.outs, *dots]
    args = (*equation.args, *(tangents.known[v] for v in _operands(equation, moving)))
    params = (("graph", found.graph),)
    tangents.builder.append(
        Equation(outs[0], equation.op, args, params, equation.origin, tuple(outs[1:]))
    )
    tangents.known.update(zip(moved, dots, strict=True))


def _operands(equation: Equation, positions: Sequence[int]) -> Iterator[Var]:
    for i in positions:
        arg = equation.args[i]
        assert type(arg) is Var
        yield arg


def _tangent_graph(context: Context, graph: Graph, moving: Positions, alone: bool) -> TangentGraph:
    key = (graph, moving, alone)
    if key not in context.tangents:
        context.tangents[key] = _differentiated(context, graph, moving, alone)
    return context.tangents[key]


def _differentiated(context: Context, graph: Graph, moving: Positions, alone: bool) -> TangentGraph:
    b = Builder(graph.names(), share=True)
    wrt = [graph.inputs[i] for i in sorted(moving)]
    seeds = [Var(b.unique(tangent_name(var)), var.type) for var in wrt]
    known: dict[Var, Atom] = dict(zip(wrt, seeds, strict=True))
    Tangents(b, context, known).write(graph.equations)
    moved = tuple(i for i, var in enumerate(graph.outputs) if var in known)
    dots = [_result(b, known[graph.outputs[i]], graph.outputs[i]) for i in moved]
    outputs = tuple(dots) if alone else (*graph.outputs, *dots)
    inputs = (*graph.inputs, *seeds)
    name = f"{graph.name}_tangent"
    equations = tuple(only_needed(b.equations, outputs))
    return TangentGraph(Graph(name, inputs, equations, outputs, graph.source), moved)


def _result(b: Builder, tangent: Atom, var: Var) -> Var:
    if type(tangent) is Var:
        return tangent
    return settle(b, tangent, tangent_name(var), len(b.equations))


# Reverse mode


def pull_call(
    sweep: Sweep, equation: Equation, adjoints: Sequence[Atom | None], before_sum: Before
) -> Iterator[tuple[int, Atom]]:
    """What the adjoints of a call's results contribute to each active operand."""
    b, context = sweep.builder, sweep.context
    if authored_partials(equation) is not None:
        (adjoint,) = adjoints
        assert adjoint is not None
        yield from pull_authored(b, context, equation, adjoint, sweep.active, before_sum)
        return
    graph: Graph = equation.param("graph")
    active = frozenset(i for i, arg in enumerate(equation.args) if arg in sweep.active)
    seeded = frozenset(i for i, adjoint in enumerate(adjoints) if adjoint is not None)
    key = (graph, active, seeded)
    if key not in context.reverses:
        context.reverses[key] = _reversed(context, graph, active, seeded)
    found = context.reverses[key]
    if not found.adjoints:
        return
    results = equation.outs
    if found.forward is not graph:
        more = found.forward.outputs[len(graph.outputs) :]
        results += tuple(Var(b.fresh(var.name.split("%")[0]), var.type) for var in more)
        sweep.replace(equation._replace(params=(("graph", found.forward),), others=results[1:]))
    args = (
        *(equation.args[i] for i in found.operands),
        *(results[i] for i in found.kept),
        *(adjoint for adjoint in adjoints if adjoint is not None),
    )
    terms = b.emit_all(equation.op, args, (("graph", found.reverse),))
    yield from zip(found.adjoints, terms, strict=True)


def _reversed(
    context: Context, graph: Graph, active: Positions, seeded: Positions
) -> ReverseGraphs:
    """Differentiate a function, for some operands and some results."""
    b = Builder(graph.names(), share=True)
    outputs = [graph.outputs[i] for i in sorted(seeded)]
    equations = opened(b, graph.equations, outputs)
    primal = Primal(b, equations)
    wrt = [graph.inputs[i] for i in sorted(active)]
    seeds = [Var(b.unique(adjoint_name(var)), var.type) for var in outputs]
    sweep = Sweep(b, context, primal.replace, equations, outputs, seeds, wrt)
    sweep.run()
    reached = [i for i in sorted(active) if sweep.adjoint.get(graph.inputs[i]) is not None]
    adjoints = [sweep.result(graph.inputs[i]) for i in reached]
    rest = only_needed(b.equations[len(equations) :], adjoints)
    forward = primal.equations()
    residuals = Residuals(forward, graph.inputs)
    residuals.resolve(rest, adjoints)
    if len(residuals.saved) > MOST_SAVED:
        residuals = Residuals(forward, graph.inputs, everything=True)
        residuals.resolve(rest, adjoints)
    results = list(graph.outputs)
    results += [var for var in residuals.saved if var not in graph.outputs]
    saving = graph
    if len(results) > len(graph.outputs):
        name, kept = f"{graph.name}_forward", tuple(only_needed(forward, results))
        saving = Graph(name, graph.inputs, kept, tuple(results), graph.source)
    operands = [i for i, var in enumerate(graph.inputs) if var in residuals.free]
    reverse = Graph(
        f"{graph.name}_reverse",
        (*(graph.inputs[i] for i in operands), *residuals.saved, *seeds),
        (*residuals.recomputed, *rest),
        tuple(adjoints),
        graph.source,
    )
    places = tuple(results.index(var) for var in residuals.saved)
    return ReverseGraphs(saving, reverse, tuple(operands), places, tuple(reached))
