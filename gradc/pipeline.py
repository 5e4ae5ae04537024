"""The list of passes, in the order in which they are applied.

`Program.graph` is what the author wrote, after `expand`: tables, explanations and diagrams read it.
Targets differentiate and emit the graph after all passes.  Every named quantity of the program is
still there, by the same variable: passes concern the nameless parts of statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradc.ad.expand import expand
from gradc.ir.graph import Graph, Var
from gradc.ir.program import Program
from gradc.passes.dead import DEAD
from gradc.passes.entry import Pass
from gradc.passes.fold import FOLD
from gradc.passes.share import SHARE
from gradc.passes.simplify import SIMPLIFY

if TYPE_CHECKING:
    from gradc.ad.forward import Forward

EXPAND = Pass("expand", "Write derivatives that the program asks for as equations.", expand)

PASSES: tuple[Pass, ...] = (EXPAND, FOLD, SIMPLIFY, SHARE, DEAD)

# A derivative is simplified while it is written.  Forward mode writes the tangent of a
# quantity before the quantities after it, so what those compute again is shared at the end.
AFTER_FORWARD_MODE: tuple[Pass, ...] = (SHARE, DEAD)


def stages(graph: Graph) -> Iterator[tuple[Pass, Graph]]:
    """Each pass, and the graph after it."""
    for each in PASSES:
        graph = each.run(graph)
        yield each, graph


def prepared(program: Program) -> Program:
    """The program after all passes."""
    graph = program.graph
    for each in PASSES:
        graph = each.run(graph)
    return program if graph is program.graph else replace(program, graph=graph)


def forward_mode(graph: Graph, wrt: Sequence[Var]) -> Forward:
    """The tangents of a graph, in the form in which they are emitted."""
    from gradc.ad.forward import jvp

    found = jvp(graph, wrt)
    widened = found.graph
    for each in AFTER_FORWARD_MODE:
        widened = each.run(widened)
    return found._replace(graph=widened)
