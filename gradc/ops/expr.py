"""Formulas over primitives, in which rows state their partial derivatives.

A formula is a small tree that is not yet part of any graph.  `Builder.materialise` turns it
into equations; reports print it as the symbolic partial.  Formulas are elementwise: their
operands have one shape, or are scalars.
"""

from __future__ import annotations

from typing import Any

from gradc.ir.graph import Lit, Size, Var


class Expr:
    """A primitive applied to operands; Python's operators build larger formulas."""

    __slots__ = ("args", "op", "params")

    def __init__(
        self,
        op: str,
        args: tuple[Operand, ...],
        params: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.op = op
        self.args = args
        self.params = params

    def __neg__(self) -> Expr:
        return Expr("neg", (self,))

    def __add__(self, other: Operand) -> Expr:
        return Expr("add", (self, other))

    def __radd__(self, other: Operand) -> Expr:
        return Expr("add", (other, self))

    def __sub__(self, other: Operand) -> Expr:
        return Expr("sub", (self, other))

    def __rsub__(self, other: Operand) -> Expr:
        return Expr("sub", (other, self))

    def __mul__(self, other: Operand) -> Expr:
        return Expr("mul", (self, other))

    def __rmul__(self, other: Operand) -> Expr:
        return Expr("mul", (other, self))

    def __truediv__(self, other: Operand) -> Expr:
        return Expr("div", (self, other))

    def __rtruediv__(self, other: Operand) -> Expr:
        return Expr("div", (other, self))

    def __lt__(self, other: Operand) -> Expr:
        return Expr("lt", (self, other))

    def __le__(self, other: Operand) -> Expr:
        return Expr("le", (self, other))

    def __gt__(self, other: Operand) -> Expr:
        return Expr("gt", (self, other))

    def __ge__(self, other: Operand) -> Expr:
        return Expr("ge", (self, other))


class Leaf(Expr):
    """An atom of the graph as an operand of formulas."""

    __slots__ = ("atom",)

    def __init__(self, atom: Var | Lit | Size) -> None:
        super().__init__("", ())
        self.atom = atom


Operand = Expr | float | int


def call(op: str, *args: Operand) -> Expr:
    """The primitive `op` applied to operands."""
    return Expr(op, args)


def shared(number: float) -> Expr:
    """The numerator of a partial that is computed by itself, once for all that it scales.

    `0.5 / y` scales `d` as `0.5 * d / y`, which is a division for each `d`; `shared(0.5) / y` as
    `d * (0.5 / y)`.  That is for partials which are neither subnormal nor infinite but where `y` is
    0 or infinite: elsewhere they would have fewer digits than what they scale, or none.
    """
    return Leaf(Lit(number))


def equal(left: Operand, right: Operand) -> Expr:
    """The truth of `left == right`, elementwise."""
    return Expr("eq", (left, right))


def where(condition: Expr, then: Operand, otherwise: Operand) -> Expr:
    """`then` where the condition holds, else `otherwise`, elementwise."""
    return Expr("select", (condition, then, otherwise))


def power(base: Operand, exponent: int) -> Expr:
    """The base to a constant integer power."""
    return Expr("ipow", (base,), (("n", exponent),))
