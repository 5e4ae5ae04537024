"""On which of its operands a statement depends differentiably, without differentiating it.

What rows say of their partials decides; of a call and a loop, reverse mode of that equation,
which is done once for all calls of one function with the same types.
"""

from __future__ import annotations

from collections.abc import Container, Hashable

from gradc.ad.reverse import vjp
from gradc.ad.rules import depends, differentiable
from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.table import PRIMITIVES
from gradc.report.partials import Statement


class Paths:
    """Finds paths from results back to operands, statement by statement."""

    def __init__(self, constants: Container[Var]) -> None:
        self._constants = constants
        self._known: dict[Hashable, tuple[bool, ...]] = {}

    def operands(self, statement: Statement) -> list[Var]:
        """The operands with a path to one of the results."""
        reached = {var for var in statement.results if differentiable(var)}
        for equation in reversed(statement.equations):
            if not reached.isdisjoint(equation.outs):
                passes = self._passes(equation)
                reached.update(
                    arg
                    for arg, through in zip(equation.args, passes, strict=True)
                    if through and type(arg) is Var
                )
        return [
            var
            for var in statement.operands
            if var in reached and differentiable(var) and var not in self._constants
        ]

    def _passes(self, equation: Equation) -> tuple[bool, ...]:
        """For each operand, whether a derivative comes back to it."""
        if PRIMITIVES[equation.op].structured is None:
            return tuple(depends(equation, i) for i in range(len(equation.args)))
        key = (equation.op, equation.params, tuple(arg.type for arg in equation.args))
        if key not in self._known:
            self._known[key] = _through(equation)
        return self._known[key]


def _through(equation: Equation) -> tuple[bool, ...]:
    """By reverse mode of an equation that holds graphs."""
    outs = tuple(out for out in equation.outs if differentiable(out))
    read = tuple(dict.fromkeys(equation.inputs()))
    wrt = [var for var in read if differentiable(var)]
    if not outs or not wrt:
        return (False,) * len(equation.args)
    zeros = vjp(Graph("", read, (equation,), outs), wrt).structural_zeros
    return tuple(arg in wrt and arg not in zeros for arg in equation.args)
