"""Constant folding: operations on literals become literals.

Only where IEEE 754 determines the value to the last bit (`Primitive.exact`), so that the result
is the one that emitted code would compute: `sqrt(2.0)` is folded, `exp(2.0)` is not, since
libraries differ.  A literal is one number, so no array is ever folded, however small.
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.ir.graph import Atom, Equation, Graph, Lit
from gradc.ops.rewrites import folded
from gradc.passes.entry import Pass
from gradc.passes.rewriting import Rule, rewritten


class _Fold:
    def __init__(self) -> None:
        self.equations: list[Equation] = []

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        for arg in equation.args:
            if type(arg) is not Lit:
                return None
        if not equation.args:
            return None
        literal = folded(equation.op, equation.args, dict(equation.params))
        return None if literal is None else (literal,)

    @property
    def keep(self) -> Callable[[Equation], None]:
        return self.equations.append

    def within(self) -> Rule:
        return _Fold()


def _fold(graph: Graph) -> Graph:
    return rewritten(graph, lambda graph: _Fold())


FOLD = Pass("fold", "Compute what depends on literals alone.", _fold)
