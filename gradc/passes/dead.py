"""Removing the equations that no output depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gradc.ir.graph import Equation, Graph, Var


def needed(equations: Iterable[Equation], results: Iterable[Var]) -> set[Var]:
    """The variables on which results depend, the results included."""
    live = set(results)
    for equation in reversed(tuple(equations)):
        if equation.out in live or (equation.others and not live.isdisjoint(equation.others)):
            live.update(equation.inputs())
    return live


def without_dead_equations(graph: Graph) -> Graph:
    """The graph with the equations that its outputs need, in the same order."""
    live = needed(graph.equations, graph.outputs)
    return replace(
        graph,
        equations=tuple(eq for eq in graph.equations if not live.isdisjoint(eq.outs)),
    )
