"""Sizes as expressions of emitted code."""

from __future__ import annotations

from collections.abc import Callable

from gradc.ir.dims import Dim, Quotient
from gradc.targets.statements.tree import Binary, Expr, Name, Number, Unary


def size_expr(dim: Dim, spelled: Callable[[str], str]) -> Expr:
    """A size polynomial as an expression; names are spelled by the function."""
    total: Expr | None = None
    for monomial, whole in dim.terms:
        term: Expr | None = None
        if abs(whole) != 1 or not monomial:
            term = Number(abs(whole))
        for part in monomial:
            if isinstance(part, Quotient):
                dividend = size_expr(part.dividend, spelled)
                factor: Expr = Binary("//", dividend, size_expr(part.divisor, spelled))
            else:
                factor = Name(spelled(part))
            term = factor if term is None else Binary("*", term, factor)
        assert term is not None
        if total is None:
            total = Unary("-", term) if whole < 0 else term
        else:
            total = Binary("-" if whole < 0 else "+", total, term)
    if total is None:
        return Number(0)
    return total if dim.denominator == 1 else Binary("//", total, Number(dim.denominator))
