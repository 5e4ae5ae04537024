"""The operands of a scalar operation, to read and to replace.

A name, a literal and whatever is no operation on numbers has none, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.targets.statements.tree import (
    Binary,
    BoolOp,
    Call,
    Compare,
    Conditional,
    Expr,
    Unary,
)


def operands(expr: Expr) -> tuple[Expr, ...]:
    """The operands, in the order in which they are written."""
    match expr:
        case Unary():
            return (expr.operand,)
        case Binary():
            return (expr.left, expr.right)
        case Compare():
            return (expr.left, *expr.comparators)
        case BoolOp():
            return expr.values
        case Conditional():
            return (expr.body, expr.test, expr.orelse)
        case Call(func=str(), kwargs=()):
            return expr.args
        case _:
            return ()


def with_operands(expr: Expr, others: Sequence[Expr]) -> Expr:
    """The same operation of others, in the order of `operands`."""
    if not others:
        return expr
    match expr:
        case Unary():
            return expr._replace(operand=others[0])
        case Binary():
            return expr._replace(left=others[0], right=others[1])
        case Compare():
            return expr._replace(left=others[0], comparators=tuple(others[1:]))
        case BoolOp():
            return expr._replace(values=tuple(others))
        case Conditional():
            return Conditional(*others)
        case _:
            assert isinstance(expr, Call)
            return expr._replace(args=tuple(others))
