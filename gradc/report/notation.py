"""The notation of gradc programs: pieces of a formula, and the brackets between them.

Invariant: a piece that is not cut reads as the operation that it was made from: brackets stand
wherever precedence, or the order of equal operators, would read it otherwise.  They also stand
where only a reader needs them, around `@` beside `*` and around a sign behind an operator.

A limit on length is kept at every step, so that a formula in which parts are shared never costs
more than its equations do.  A piece beyond the limit keeps its beginning and ends in `...`.

Deliberately absent: primitives, graphs, and rewriting of mathematics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

ELLIPSIS = "..."

# How tightly an operation binds; as in the parser, with `@` set apart from the other products.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, MATMUL, SIGN, POWER, PRIMARY = range(11)

BINDING = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", "/", "//", "%"), PRODUCT),
    "@": MATMUL,
    "**": POWER,
}

# Written without spaces, to show what binds tightly.
_TIGHT = ("*", "/", "**")


class Piece(NamedTuple):
    """A part of a formula: its text, and how tightly its outermost operation binds."""

    text: str
    binding: int = PRIMARY


def cut(text: str, limit: int | None) -> str:
    """The text, or its beginning where it is longer than the limit."""
    if limit is None or len(text) <= limit:
        return text
    kept = text[: max(limit - len(ELLIPSIS), 0)].rstrip().removesuffix(ELLIPSIS).rstrip(".")
    return kept + ELLIPSIS


def infix(operator: str, left: Piece, right: Piece) -> Piece:
    """`left operator right`."""
    binding = BINDING[operator]
    least = binding + 1 if operator == "**" or binding == COMPARISON else binding
    before = bracketed(left, left.binding < least or _mixed(left, binding))
    after = bracketed(right, _right_needs_brackets(operator, right))
    space = "" if operator in _TIGHT else " "
    return Piece(f"{before}{space}{operator}{space}{after}", binding)


def _right_needs_brackets(operator: str, right: Piece) -> bool:
    binding = BINDING[operator]
    if operator == "**":  # the exponent alone may begin with a sign: x**-2
        return right.binding < SIGN or right.binding == POWER
    if binding >= SUM and right.text.startswith("-"):
        return True
    return right.binding <= binding or _mixed(right, binding)


def _mixed(operand: Piece, binding: int) -> bool:
    """Whether `@` stands beside another product, where spaces would belie the grouping."""
    return operand.binding == MATMUL and binding == PRODUCT


def negative(operand: Piece) -> Piece:
    """`-operand`.

    A product keeps no brackets: `-x*y` and `-(x*y)` are the same double.
    """
    products = operand.binding == PRODUCT and not any(op in operand.text for op in ("//", "%"))
    tight = operand.binding >= POWER or products
    text = bracketed(operand, not tight or operand.text.startswith("-"))
    return Piece(f"-{text}", PRODUCT if products else SIGN)


def inverse(operand: Piece) -> Piece:
    """`not operand`."""
    return Piece(f"not {bracketed(operand, operand.binding < COMPARISON)}", NOT)


def conditional(then: Piece, condition: Piece, otherwise: Piece) -> Piece:
    """`then if condition else otherwise`."""
    first = bracketed(then, then.binding == CONDITIONAL)
    test = bracketed(condition, condition.binding == CONDITIONAL)
    return Piece(f"{first} if {test} else {otherwise.text}", CONDITIONAL)


def call(function: str, arguments: Iterable[Piece | str]) -> Piece:
    """`function(argument, ...)`."""
    texts = (item if isinstance(item, str) else item.text for item in arguments)
    return Piece(f"{function}({', '.join(texts)})")


def subscript(value: Piece, items: Iterable[str]) -> Piece:
    """`value[item, ...]`."""
    return Piece(f"{bracketed(value, value.binding < PRIMARY)}[{', '.join(items)}]")


def transposed(value: Piece) -> Piece:
    """`value.T`."""
    return Piece(f"{bracketed(value, value.binding < PRIMARY)}.T")


def array(items: Iterable[Piece]) -> Piece:
    """`[item, ...]`."""
    return Piece(f"[{', '.join(item.text for item in items)}]")


def bracketed(piece: Piece, needed: bool) -> str:
    """The text of a piece, between brackets if so decided."""
    return f"({piece.text})" if needed else piece.text
