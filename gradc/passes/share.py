"""Common subexpressions: a part that is computed twice is computed once.

Only nameless parts are shared, and with each other: a named quantity must not get uses that its
author did not write, because its derivative counts them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gradc.ir.graph import Atom, Equation, Graph, Lit, Param
from gradc.passes.entry import Pass
from gradc.passes.rewriting import Rule, rewritten

_Key = tuple[str, tuple[Atom, ...], tuple[tuple[str, Param], ...]]


class _Share:
    def __init__(self) -> None:
        self.equations: list[Equation] = []
        self._written: dict[_Key, Equation] = {}

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        out, op, args, params, _, others = equation
        if "%" not in out.name or (others and not all(other.anonymous for other in others)):
            return None
        for arg in args:
            if type(arg) is Lit and (op == "broadcast" or _signed_zero(arg)):
                return None  # an array of one number is made anew, and may be added to in place
        key = (op, args, params)
        written = self._written.get(key)
        if written is None:
            self._written[key] = equation
            return None
        return written.outs

    @property
    def keep(self) -> Callable[[Equation], None]:
        return self.equations.append

    def within(self) -> Rule:
        return _Share()


def _signed_zero(literal: Lit) -> bool:
    """Whether a literal is -0.0, which equals 0.0 and is another number."""
    return literal.value == 0 and math.copysign(1.0, literal.value) < 0


def _share(graph: Graph) -> Graph:
    return rewritten(graph, lambda graph: _Share())


SHARE = Pass("share", "Compute once what statements compute twice.", _share)
