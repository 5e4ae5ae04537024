"""Constructors for the few expressions that a linter would have written another way.

Each gives an expression of the same value, NaN and signed zeros included, in the form that
the default rules of ruff accept; the rule is named.  They are for scalars: on arrays the
emitter uses NumPy's functions, which these rules do not concern.

Deliberately absent: simplification of the mathematics.
"""

from __future__ import annotations

from gradc.targets.statements import signs
from gradc.targets.statements.tree import (
    BoolOp,
    Call,
    Compare,
    Conditional,
    Expr,
    Name,
    Unary,
)

TRUE = Name("True")
FALSE = Name("False")

_RISING = ("<", "<=")
_FALLING = (">", ">=")


def negative(expr: Expr) -> Expr:
    """`-x`, but never `--x` (B002)."""
    return signs.negative(expr)


def inverse(expr: Expr) -> Expr:
    """`not x`; `a != b` for `not a == b` (SIM201, SIM202), `x` for `not not x` (SIM208)."""
    if expr in (TRUE, FALSE):
        return FALSE if expr == TRUE else TRUE
    return signs.inverse(expr)


def compare(left: Expr, op: str, right: Expr) -> Expr:
    """`left op right`; a name compared with itself, a test for NaN, gets a sign (PLR0124)."""
    if isinstance(left, Name) and left == right:
        right = Unary("+", right)
    return Compare(left, (op,), (right,))


def both(left: Expr, right: Expr) -> Expr:
    """`left and right`, with `a < b and b < c` as a chain (PLR1716)."""
    if _same(left, TRUE) or _same(right, TRUE):
        return right if _same(left, TRUE) else left
    if _same(left, FALSE) or _same(right, FALSE):
        return FALSE
    values = [*_values("and", left), *_values("and", right)]
    if _contradictory(values):
        return FALSE
    merged = values[:1]
    for value in values[1:]:
        chain = _chained(merged[-1], value)
        merged[-1:] = [merged[-1], value] if chain is None else [chain]
    return merged[0] if len(merged) == 1 else BoolOp("and", tuple(merged))


def either(left: Expr, right: Expr) -> Expr:
    """`left or right`."""
    if _same(left, FALSE) or _same(right, FALSE):
        return right if _same(left, FALSE) else left
    values = (*_values("or", left), *_values("or", right))
    if _same(left, TRUE) or _same(right, TRUE) or _contradictory(values):
        return TRUE
    return BoolOp("or", values)


def conditional(body: Expr, test: Expr, orelse: Expr) -> Expr:
    """`body if test else orelse`, or what says the same more plainly.

    Equal branches need no test (RUF034), nor do truth values (SIM210, SIM211).  A choice of
    the larger or smaller is `max` or `min` (FURB136), which like `>` and `<` give the second
    choice for a NaN; for `>=` and `<=` they would not, so there the test is turned round.
    """
    if _same(body, orelse):
        return body
    if _same(body, TRUE) and _same(orelse, FALSE):
        return test
    if _same(body, FALSE) and _same(orelse, TRUE):
        return inverse(test)
    if isinstance(test, Compare) and test.ops in (("<",), ("<=",), (">",), (">=",)):
        left, right, op = test.left, test.comparators[0], test.ops[0]
        straight = _same(body, left) and _same(orelse, right)
        if straight or (_same(body, right) and _same(orelse, left)):
            if op in ("<=", ">="):
                return Conditional(orelse, Unary("not", test), body)
            return Call("max" if (op == ">") == straight else "min", (orelse, body))
    return Conditional(body, test, orelse)


def _same(left: Expr, right: Expr) -> bool:
    """Whether two expressions are written alike; `==` on tuples would equate 0.0 and -0.0."""
    return repr(left) == repr(right)


def _values(op: str, expr: Expr) -> tuple[Expr, ...]:
    return expr.values if isinstance(expr, BoolOp) and expr.op == op else (expr,)


def _contradictory(values: list[Expr] | tuple[Expr, ...]) -> bool:
    """Whether a value and its opposite both occur (SIM220, SIM221)."""
    written = {repr(value) for value in values}
    return any(repr(Unary("not", value)) in written for value in values)


def _chained(left: Expr, right: Expr) -> Compare | None:
    """Two comparisons in one direction that share a name, as one chain."""
    if not (isinstance(left, Compare) and isinstance(right, Compare)):
        return None
    ops = (left.ops[-1], right.ops[0])
    one_way = all(op in _RISING for op in ops) or all(op in _FALLING for op in ops)
    shared = left.comparators[-1]
    if not (one_way and isinstance(shared, Name) and _same(shared, right.left)):
        return None
    return Compare(left.left, left.ops + right.ops, left.comparators + right.comparators)
