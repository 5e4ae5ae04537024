"""Statements one after the other, made shorter for calls whose time is that of a few operations.

Names for numbers and for other names are written in where they are read, numbers with which
floats are computed are floats themselves, what is a result and nothing else needs no name, and what
nobody reads is left out unless it may raise.

Invariant: every value has the same bits as before.  Statements that are not all plain assignments
of scalars stay as they are.  Deliberately absent: any rule of algebra but the product of two
numbers, and the product with 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradc.targets.statements.operations import operands, with_operands
from gradc.targets.statements.tree import (
    Assign,
    Binary,
    Call,
    Comment,
    Expr,
    Name,
    Number,
    Stmt,
    Unary,
)


class Straight(NamedTuple):
    """Statements, and the results that they leave."""

    statements: Sequence[Stmt]
    results: tuple[Expr, ...]


def shortened(
    statements: Sequence[Stmt], floats: Iterable[str], results: Sequence[str]
) -> Straight:
    """Shorter statements for the same results, where `floats` are known to be of that type."""
    whole = Straight(statements, tuple(map(Name, results)))
    known = set(floats)
    short: dict[str, Expr] = {}
    kept: list[Assign] = []
    seen = set(known)
    for stmt in statements:
        if isinstance(stmt, Comment):
            continue
        if not isinstance(stmt, Assign) or stmt.target in seen:
            return whole
        seen.add(stmt.target)
        value = _written(stmt.value, short, known)
        if value is None:
            return whole
        if _is_float(value, known):
            known.add(stmt.target)
        if isinstance(value, (Name, Number)):
            short[stmt.target] = value
        else:
            kept.append(Assign(stmt.target, value))
    found = tuple(short.get(name, Name(name)) for name in results)
    return _in_results(_read(kept, found), found)


def _written(expr: Expr, short: Mapping[str, Expr], known: Collection[str]) -> Expr | None:
    """An expression with what is known of its names; None for one of another kind."""
    match expr:
        case Name():
            return short.get(expr.id, expr)
        case Number():
            return expr
    parts = [_written(part, short, known) for part in operands(expr)]
    if None in parts or not parts:
        return None
    made = with_operands(expr, [part for part in parts if part is not None])
    return _computed(made, known) if isinstance(made, Binary) else made


_BASIC = ("+", "-", "*", "/")
_ONE = Number(1.0)


def _computed(expr: Binary, known: Collection[str]) -> Expr:
    """An operation, with whole numbers as floats beside a float; a product that is one of its
    factors, or of two numbers, is that."""
    left, right = expr.left, expr.right
    if expr.op not in _BASIC:
        return expr
    if _is_float(left, known):
        right = _as_float(right)
    elif _is_float(right, known):
        left = _as_float(left)
    if expr.op == "*" and left == _ONE:
        return right
    if expr.op == "*" and right == _ONE:
        return left
    if expr.op == "*" and isinstance(left, Number) and isinstance(right, Number):
        product = left.value * right.value
        if type(product) is float and product - product == 0.0:
            return Number(product)
    return expr._replace(left=left, right=right)


def _as_float(expr: Expr) -> Expr:
    if isinstance(expr, Number) and abs(expr.value) <= 2**53:
        return Number(float(expr.value))
    return expr


def _is_float(expr: Expr, known: Collection[str]) -> bool:
    """Whether a value is certainly a float."""
    match expr:
        case Name():
            return expr.id in known
        case Number():
            return type(expr.value) is float
        case Unary(op="-"):
            return _is_float(expr.operand, known)
        case Binary() if expr.op in _BASIC:
            return _is_float(expr.left, known) or _is_float(expr.right, known)
        case _:
            return False


def _read(statements: Sequence[Assign], results: Iterable[Expr]) -> list[Assign]:
    """The statements that results come of."""
    live: set[str] = set()
    _note(results, live)
    found: list[Assign] = []
    for stmt in reversed(statements):
        if stmt.target in live or _calls(stmt.value):
            found.append(stmt)
            _note([stmt.value], live)
    return found[::-1]


def _in_results(statements: Sequence[Assign], results: tuple[Expr, ...]) -> Straight:
    """What is read once, as a result, is written there; calls keep their order."""
    values = [stmt.value for stmt in statements]
    reads = Counter(expr.id for expr in _all([*values, *results]) if isinstance(expr, Name))
    ends = {expr.id for expr in results if isinstance(expr, Name) and reads[expr.id] == 1}
    moved = {
        stmt.target: stmt.value
        for stmt in statements
        if stmt.target in ends and not _calls(stmt.value)
    }
    found = tuple(moved.get(expr.id, expr) if isinstance(expr, Name) else expr for expr in results)
    return Straight([stmt for stmt in statements if stmt.target not in moved], found)


def _calls(expr: Expr) -> bool:
    """Whether a function is called, which may raise."""
    return any(isinstance(each, Call) for each in _all([expr]))


def _note(exprs: Iterable[Expr], names: set[str]) -> None:
    names.update(expr.id for expr in _all(exprs) if isinstance(expr, Name))


def _all(exprs: Iterable[Expr]) -> Iterator[Expr]:
    """Expressions and their parts."""
    pending = list(exprs)
    while pending:
        expr = pending.pop()
        yield expr
        pending.extend(operands(expr))
