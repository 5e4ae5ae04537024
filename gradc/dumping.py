"""One request of `gradc dump`: the graph of a program after a pass, and of its derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.ad.reverse import vjp
from gradc.diagnostics import Diagnostic, UsageError
from gradc.frontend.spelling import nearest
from gradc.ir.graph import Graph
from gradc.ir.program import Program
from gradc.pipeline import EXPAND, PASSES, forward_mode, stages

CHECKED = "check"  # what stands before all passes


def dump(program: Program, after: str | None, mode: str, wrt: Sequence[str] | None = None) -> Graph:
    """The graph of a checked program after the pass of a name, or after all; `mode`
    differentiates that graph.

    Raises UsageError where there is no such pass, and for a `wrt` that is not a real input.
    """
    if after is not None and after not in (CHECKED, *(each.name for each in PASSES)):
        raise UsageError([_unknown(after)])
    graph = program.graph
    for each, changed in stages(graph):
        if after == CHECKED:
            break
        graph = changed
        if each.name == after:
            break
    if mode != "primal" and after == CHECKED:
        graph = EXPAND.run(graph)  # requests for derivatives cannot be differentiated
    chosen = replace(program, graph=graph).wrt(wrt)
    match mode:
        case "reverse":
            return vjp(graph, chosen).graph
        case "forward":
            return forward_mode(graph, chosen).graph
        case _:
            return graph


def listing() -> str:
    """The passes in their order, each with what it does."""
    entries = [(CHECKED, "The program as it is written."), *((p.name, p.doc) for p in PASSES)]
    width = max(len(name) for name, _ in entries)
    return "".join(f"{name:<{width}}  {doc}\n" for name, doc in entries)


def _unknown(name: str) -> Diagnostic:
    known = [CHECKED, *(each.name for each in PASSES)]
    near = nearest(name, known)
    return Diagnostic(
        "G0704",
        f"there is no pass `{name}`",
        help=f"did you mean `{near}`?" if near else f"the passes are: {', '.join(known)}",
    )
