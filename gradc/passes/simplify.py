"""Exact algebraic simplification, by what `ops.rewrites` knows.

Every rewrite gives the identical double for every input, so the numbers of a program stay what
they were to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.ir.graph import Atom, Equation, Graph
from gradc.ops.builder import Builder
from gradc.passes.entry import Pass
from gradc.passes.rewriting import Rule, rewritten


class _Simplify:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.equations = builder.equations

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        if equation.others or not equation.args:
            return None
        builder = self.builder
        builder.origin, builder.stem = equation.origin, equation.out.name.partition("%")[0]
        simpler = builder.simpler(equation.op, equation.args, equation.params)
        return None if simpler is None else (simpler,)

    @property
    def keep(self) -> Callable[[Equation], None]:
        return self.builder.append

    def within(self) -> Rule:
        return _Simplify(self.builder.nested())


def _simplify(graph: Graph) -> Graph:
    return rewritten(graph, lambda graph: _Simplify(Builder(graph.names())))


SIMPLIFY = Pass("simplify", "Write simpler what is the same for every double.", _simplify)
