"""A flat run of operands and operators to a tree, by precedence climbing.

Invariant: one pass with explicit stacks, linear in the run.  The order is Python's, except that
`^` is another spelling of `**` and that comparisons do not chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from re import Match

from gradc.diagnostics import Span
from gradc.frontend.lexer import Token, token_span, token_text
from gradc.frontend.syntax import Binary, Expr, Unary

NOT = 3
COMPARISON = 4
POWER = 8

#: How tightly each operator between two operands binds.
BINARY: dict[str, int] = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys(("*", "/", "//", "%", "@"), 6),
    **dict.fromkeys(("**", "^"), POWER),
}

#: How tightly each operator before an operand binds.
PREFIX: dict[str, int] = {"not": NOT, "+": 7, "-": 7}

# The part that a pending operator plays.
_PREFIX, _INFIX, _CHAINED = range(3)

Pending = list[tuple[int, int, Token]]  # strength, part, operator


def climb(
    run: Sequence[Expr | Token],
    last: Expr,
    chained: Callable[[Expr, Binary], None],
    misplaced: Callable[[Token], None],
) -> Expr:
    """The tree of `run` followed by the operand `last`.

    `chained` is told of each comparison (its second argument) whose left side (its first) is a
    comparison without brackets, and `misplaced` of each `not` behind an operator that binds
    tighter than `not` does.  Both may return, and the tree is then as if there were brackets.
    """
    operands: list[Expr] = []
    pending: Pending = []
    after_operand = False
    for item in run:
        if not isinstance(item, Match):
            operands.append(item)
            after_operand = True
        elif after_operand:
            strength = BINARY[token_text(item)]
            limit = strength + 1 if strength == POWER else strength
            part = _INFIX
            while pending and pending[-1][0] >= limit:
                if strength == COMPARISON == pending[-1][0]:
                    part = _CHAINED
                _apply(pending, operands, chained)
            pending.append((strength, part, item))
            after_operand = False
        else:
            strength = PREFIX[token_text(item)]
            if strength == NOT and pending and pending[-1][0] > NOT:
                misplaced(item)
            pending.append((strength, _PREFIX, item))
    operands.append(last)
    while pending:
        _apply(pending, operands, chained)
    return operands[0]


def _apply(pending: Pending, operands: list[Expr], chained: Callable[[Expr, Binary], None]) -> None:
    """Make the node of the last pending operator."""
    _, part, token = pending.pop()
    right = operands.pop()
    if part == _PREFIX:
        operands.append(Unary(token_text(token), right, Span(token.start(), right.span[1])))
        return
    left = operands.pop()
    node = binary(left, token, right)
    operands.append(node)
    if part == _CHAINED:
        chained(left, node)


def binary(left: Expr, token: Token, right: Expr) -> Binary:
    """The node of one operator between two operands."""
    operator = token_text(token)
    return Binary(
        "**" if operator == "^" else operator,
        left,
        right,
        Span(left.span[0], right.span[1]),
        Span(*token_span(token)),
    )
