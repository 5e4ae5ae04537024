"""Calls that give several results, replaced by what the function does.

A function of the language gives one result.  What derivatives call gives more: values and their
tangents, or values and what the reverse sweep reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.graph import BODIES, Equation, Graph
from gradc.ops.builder import Builder
from gradc.passes.inline import inlined
from gradc.passes.rewriting import with_params

# Functions that call each other twice at each of many levels open into more than anyone reads.
MOST_EQUATIONS = 50_000


def opened(graph: Graph) -> Graph:
    """The graph without calls of several results; raises UsageError where that is too large."""
    if not _calls_for_more(graph):
        return graph
    return replace(graph, equations=_Opening().equations(Builder(graph.names()), graph.equations))


def _calls_for_more(graph: Graph) -> bool:
    for equation in graph.equations:
        if equation.op == "call" and equation.others:
            return True
        if any(type(v) is Graph and k in BODIES and _calls_for_more(v) for k, v in equation.params):
            return True
    return False


class _Opening:
    def __init__(self) -> None:
        self.count = 0

    def equations(self, b: Builder, equations: Sequence[Equation]) -> tuple[Equation, ...]:
        """Equations of one scope, those of its loops' bodies included."""
        found: list[Equation] = []
        pending = list(reversed(equations))
        while pending:
            equation = pending.pop()
            if equation.op == "call" and equation.others:
                within = inlined(b, equation)
                self.count += len(within)
                if self.count > MOST_EQUATIONS:
                    raise UsageError([_too_large()])
                pending += reversed(within)
                continue
            bodies = {
                name: replace(value, equations=self.equations(b.nested(), value.equations))
                for name, value in equation.params
                if name in BODIES and type(value) is Graph
            }
            found.append(with_params(equation, bodies) if bodies else equation)
        return tuple(found)


def _too_large() -> Diagnostic:
    return Diagnostic(
        "G0704",
        "functions that give several results are written out where they are called: more than "
        f"{MOST_EQUATIONS} equations",
        help="compile to Python, where they stay functions: --target python",
    )
