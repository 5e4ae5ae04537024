"""Forward mode: a graph with, beside every quantity, its tangent.

The result is a graph again: its inputs are those of the original followed by one tangent for
each quantity of `wrt`, its outputs those of the original followed by their tangents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradc.ad.names import settle, tangent_name
from gradc.ad.structured import new_context
from gradc.ad.tangents import Tangents
from gradc.ir.graph import Atom, Graph, Var
from gradc.ops.builder import Builder
from gradc.passes.dead import without_dead_equations


class Forward(NamedTuple):
    """The graph of a program and its tangents."""

    graph: Graph
    seeds: tuple[Var, ...]  # the tangents of `wrt`, inputs of the graph
    tangents: tuple[Var, ...]  # of the outputs


def jvp(graph: Graph, wrt: Sequence[Var]) -> Forward:
    """Differentiate in forward mode: the Jacobian-vector product of every output.

    `wrt` are inputs of the graph with real elements.  A tangent has its quantity's shape; an
    output that does not depend on `wrt` has the tangent zero.
    """
    b = Builder(graph.names(), share=True)
    seeds = tuple(Var(b.unique(tangent_name(var)), var.type) for var in wrt)
    known: dict[Var, Atom] = dict(zip(wrt, seeds, strict=True))
    Tangents(b, new_context(), known).write(graph.equations)
    outputs = tuple(_output_tangent(b, var, known.get(var)) for var in graph.outputs)
    widened = Graph(
        graph.name,
        (*graph.inputs, *seeds),
        tuple(b.equations),
        (*graph.outputs, *outputs),
        graph.source,
    )
    return Forward(without_dead_equations(widened), seeds, outputs)


def _output_tangent(b: Builder, var: Var, tangent: Atom | None) -> Var:
    if type(tangent) is Var:
        return tangent
    b.origin = None
    zero = b.fill(tangent, var.type.shape) if tangent else b.zeros(var.type.shape)
    return settle(b, zero, tangent_name(var), len(b.equations))
