"""Expressions of the language as text, with the brackets that its precedence demands.

Invariant: a piece in brackets where `gradc.frontend.precedence` would read it otherwise, and
nowhere else but where a reader wants them: around a sign behind an operator.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from gradc.ir.dims import Dim

CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, OPERAND = range(10)

_STRENGTH = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", "/", "//", "%", "@"), PRODUCT),
    "**": POWER,
}
_TIGHT = ("*", "/", "//", "%", "**")  # written without spaces


class Piece(NamedTuple):
    """The text of an expression, and how tightly its outermost operator binds."""

    text: str
    level: int = OPERAND


def bracketed(piece: Piece, least: int) -> str:
    """The text, in brackets where it binds less tightly than `least`."""
    return piece.text if piece.level >= least else f"({piece.text})"


def infix(operator: str, left: Piece, right: Piece) -> Piece:
    """`left operator right`; a sign behind the operator stands in brackets."""
    level = _STRENGTH[operator]
    if level == POWER:
        first, second = bracketed(left, OPERAND), bracketed(right, POWER)
        if right.level == SIGN and right.text[1:].isdecimal():
            second = right.text
    elif level == COMPARISON:
        first, second = bracketed(left, SUM), bracketed(right, SUM)
    else:
        first, second = bracketed(left, level), bracketed(right, level + 1)
        if second.startswith("-"):
            second = f"({right.text})"
    gap = "" if operator in _TIGHT else " "
    return Piece(f"{first}{gap}{operator}{gap}{second}", level)


def prefix(operator: str, operand: Piece) -> Piece:
    """`-operand` or `not operand`."""
    if operator == "not":
        return Piece(f"not {bracketed(operand, NOT)}", NOT)
    return Piece(f"-{bracketed(operand, POWER)}", SIGN)


def conditional(condition: Piece, then: Piece, otherwise: Piece) -> Piece:
    """`then if condition else otherwise`."""
    first, test = bracketed(then, OR), bracketed(condition, OR)
    return Piece(f"{first} if {test} else {otherwise.text}", CONDITIONAL)


def call(function: str, arguments: Iterable[Piece]) -> Piece:
    """`function(arguments)`."""
    return Piece(f"{function}({', '.join(argument.text for argument in arguments)})")


def subscript(value: Piece, items: Iterable[str]) -> Piece:
    """`value[items]`."""
    return Piece(f"{bracketed(value, OPERAND)}[{', '.join(items)}]")


def number(value: float | int) -> Piece:
    """A number that reads back as the same double; what is not finite is a quotient by 0."""
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return Piece("0/0", PRODUCT)
        return Piece("1/0" if value > 0 else "-1/0", PRODUCT)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        text = str(int(value)) if value or math.copysign(1.0, value) > 0 else "-0.0"
    else:
        text = repr(value)
    return Piece(text, SIGN if text.startswith("-") else OPERAND)


def truth(value: bool) -> Piece:
    """A truth value, for which the language has no word."""
    return Piece("0 == 0" if value else "0 == 1", COMPARISON)


def size(dim: Dim) -> Piece:
    """A size, as an expression."""
    text = str(dim)
    if text.isidentifier() or text.isdecimal():
        return Piece(text)
    return Piece(text, SUM)
