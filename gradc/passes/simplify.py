"""Exact algebraic simplification, by what `ops.rewrites` knows.

Every rewrite gives the identical double for every input, so the numbers of a program stay what
they were to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.passes.entry import Pass
from gradc.passes.rewriting import Rule, rewritten


class Simplify:
    """The rule: of all equations, or of those whose results are `chosen`."""

    def __init__(self, builder: Builder, chosen: Container[Var] | None = None) -> None:
        self.builder = builder
        self.chosen = chosen
        self.equations = builder.equations

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        """What has the value of an equation."""
        if equation.others or not equation.args:
            return None
        if self.chosen is not None and equation.out not in self.chosen:
            return None
        builder = self.builder
        builder.origin, builder.stem = equation.origin, equation.out.name.partition("%")[0]
        simpler = builder.simpler(equation.op, equation.args, equation.params)
        return None if simpler is None else (simpler,)

    @property
    def keep(self) -> Callable[[Equation], None]:
        """What appends an equation that stays."""
        return self.builder.append

    def within(self) -> Rule:
        """The rule for the body of a loop."""
        return Simplify(self.builder.nested(), self.chosen)


def _simplify(graph: Graph) -> Graph:
    return rewritten(graph, lambda graph: Simplify(Builder(graph.names())))


SIMPLIFY = Pass("simplify", "Write simpler what is the same for every double.", _simplify)
