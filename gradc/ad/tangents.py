"""The core of forward mode: equations with, after each, its tangent.

What is written goes to one builder; the tangents that are known are in `known`, where those of
the results appear as they are written.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.ad.activity import STRUCTURED
from gradc.ad.context import Context
from gradc.ad.names import settle, tangent_name
from gradc.ad.rules import differentiable, push
from gradc.ir.graph import Atom, Equation, Var
from gradc.ops.builder import Builder


class Tangents:
    """Writes equations and their tangents.

    With `alone`, the equations themselves stand elsewhere and only tangents are written; without
    `named`, all tangents are anonymous, under the stem of the builder.
    """

    def __init__(
        self,
        b: Builder,
        context: Context,
        known: dict[Var, Atom],
        named: bool = True,
        alone: bool = False,
    ) -> None:
        self.builder = b
        self.context = context
        self.known = known
        self.named = named
        self.alone = alone

    def write(self, equations: Iterable[Equation]) -> None:
        """Write equations in order, each with its tangent."""
        for equation in equations:
            if equation.op in STRUCTURED:
                self.context.push[equation.op](self, equation)
            else:
                self.keep(equation)
                if differentiable(equation.out):
                    self._push(equation)

    def keep(self, equation: Equation) -> None:
        """Write an equation itself."""
        if not self.alone:
            self.builder.append(equation)

    def begin(self, equation: Equation) -> None:
        """Say that what is written next belongs to an equation."""
        if self.named:
            self.builder.origin = equation.origin
            self.builder.stem = f"{equation.out.name.split('%')[0]}_dot"

    def _push(self, equation: Equation) -> None:
        self.begin(equation)
        mark = len(self.builder.equations)
        tangent = push(self.builder, equation, self.known)
        if tangent is not None:
            self.settle(equation.out, tangent, mark)

    def settle(self, var: Var, tangent: Atom, mark: int) -> None:
        """Note the tangent of a quantity, under its name where it has one."""
        if self.named and not var.anonymous:
            tangent = settle(self.builder, tangent, tangent_name(var), mark)
        self.known[var] = tangent

    def variable(self, var: Var) -> Var:
        """A new variable for the tangent of a quantity."""
        b = self.builder
        if self.named and not var.anonymous:
            return Var(b.unique(tangent_name(var)), var.type)
        stem = f"{var.name.split('%')[0]}_dot" if self.named else b.stem
        return Var(b.fresh(stem), var.type)

    def moving(self, equation: Equation) -> list[int]:
        """The positions of the operands that have tangents."""
        return [i for i, arg in enumerate(equation.args) if arg in self.known]
