"""The opposite of a number and of a truth value, without a sign too many."""

from __future__ import annotations

from gradc.targets.statements.tree import Compare, Expr, Number, Unary


def negative(expr: Expr) -> Expr:
    """`-x`, but never `--x`."""
    if isinstance(expr, Unary) and expr.op == "-":
        return expr.operand
    if isinstance(expr, Number):
        return Number(-expr.value)
    return Unary("-", expr)


def inverse(expr: Expr) -> Expr:
    """`not x`; `a != b` for `not a == b`, `x` for `not not x`."""
    if isinstance(expr, Unary) and expr.op == "not":
        return expr.operand
    if isinstance(expr, Compare) and expr.ops in (("==",), ("!=",)):
        return expr._replace(ops=("!=",) if expr.ops == ("==",) else ("==",))
    return Unary("not", expr)
