"""The list of passes, in the order in which they are applied.

`Program.graph` is what the author wrote: tables, explanations and diagrams read it.  Targets
differentiate and emit the graph after all passes.  Every named quantity of the program is
still there, by the same variable: passes concern the nameless parts of statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradc.ir.graph import Graph
from gradc.ir.program import Program
from gradc.passes.dead import DEAD
from gradc.passes.entry import Pass
from gradc.passes.fold import FOLD
from gradc.passes.share import SHARE
from gradc.passes.simplify import SIMPLIFY

PASSES: tuple[Pass, ...] = (FOLD, SIMPLIFY, SHARE, DEAD)


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
