"""Reverse mode: a graph with, after its equations, the adjoint of every active quantity.

The result is a graph again: its inputs are those of the original followed by one seed for
each output (`dJ`, of the output's shape), its outputs those of the original followed by the
adjoints of `wrt`.  Equations up to `primal_count` are the forward sweep, the others the
reverse sweep.  The forward sweep computes the quantities of the original, and what the reverse
sweep reads of calls and loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradc.ad.names import adjoint_name
from gradc.ad.preparation import opened
from gradc.ad.structured import new_context
from gradc.ad.sweep import Primal, Sweep
from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.passes.dead import without_dead_equations


class Reverse(NamedTuple):
    """The graph of a program and its adjoints."""

    graph: Graph
    primal_count: int
    seeds: tuple[Var, ...]  # one for each output of the original, inputs of the graph
    adjoints: tuple[Var, ...]  # of `wrt`, in that order
    structural_zeros: frozenset[Var]  # those of `wrt` that no output depends on
    primal: tuple[Equation, ...]  # the whole forward sweep, with what no output depends on


def vjp(graph: Graph, wrt: Sequence[Var]) -> Reverse:
    """Differentiate in reverse mode: the vector-Jacobian product for every quantity of `wrt`.

    `wrt` are quantities of the graph with real elements: inputs, or named results.
    """
    b = Builder(graph.names(), share=True)
    equations = opened(b, graph.equations, graph.outputs)
    primal = Primal(b, equations)
    seeds = tuple(Var(b.unique(adjoint_name(var)), var.type) for var in graph.outputs)
    sweep = Sweep(b, new_context(), primal.replace, equations, graph.outputs, seeds, wrt)
    sweep.run()
    adjoints = tuple(sweep.result(var) for var in wrt)
    outputs = (*graph.outputs, *adjoints)
    inputs = (*graph.inputs, *seeds)
    whole = Graph(graph.name, inputs, tuple(b.equations), outputs, graph.source)
    forward = primal.equations()
    defined = {out for equation in forward for out in equation.outs}
    derived = without_dead_equations(whole)
    return Reverse(
        derived,
        sum(equation.out in defined for equation in derived.equations),
        seeds,
        adjoints,
        frozenset(var for var in wrt if sweep.adjoint.get(var) is None),
        forward,
    )
