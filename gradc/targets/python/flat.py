"""An expression as one line of text, with the parentheses that its structure needs.

Invariant: the text parses back to the tree.  Parentheses are those that Python's grammar
demands, and a few that a reader wants: around a mixed `and`/`or`, a sign's operand that is
itself an operation or a sign, and a power in an exponent.  `layout.py` asks the same
questions here, so that a broken expression has the same parentheses as an unbroken one.

Deliberately absent: line breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradc.targets.python.lexical import number_text, string_text
from gradc.targets.python.tree import (
    AND,
    BINARY,
    COMPARE,
    CONDITIONAL,
    NOT,
    NUMBER,
    OR,
    POWER,
    PRIMARY,
    UNARY,
)
from gradc.targets.statements.tree import (
    Attribute,
    Binary,
    BoolOp,
    Call,
    Compare,
    Conditional,
    Expr,
    ListExpr,
    Name,
    Number,
    Slice,
    StringLit,
    Subscript,
    Tuple,
    Unary,
)


def flat(expr: Expr) -> str:
    """The expression on one line."""
    if type(expr) is Name:
        return expr.id
    return _FLAT[type(expr)](expr)


def operand(expr: Expr, parentheses: bool) -> str:
    """An operand on one line, between parentheses if so decided."""
    return f"({flat(expr)})" if parentheses else flat(expr)


def sequence(items: Sequence[Expr]) -> str:
    """Items between commas, without brackets."""
    return ", ".join([flat(item) for item in items])


def slice_parts(index: Slice) -> list[str | Expr]:
    """A slice as its bounds and colons, spaced where a bound is more than a name or number."""
    lower, upper, step = index
    spaced = not all(bound is None or _is_simple_bound(bound) for bound in index)
    parts: list[str | Expr] = [] if lower is None else [lower]
    parts.append(_colon(spaced and lower is not None, spaced and upper is not None))
    if upper is not None:
        parts.append(upper)
    if step is not None:
        parts += [_colon(spaced and upper is not None, spaced), step]
    return parts


def _colon(space_before: bool, space_after: bool) -> str:
    return f"{' ' * space_before}:{' ' * space_after}"


def _is_simple_bound(expr: Expr) -> bool:
    if type(expr) is Unary:
        return expr.op != "not" and _is_simple_bound(expr.operand)
    if type(expr) is Name:
        return "." not in expr.id
    return isinstance(expr, (Number, StringLit))


# --- which operands need parentheses -----------------------------------------------------


def precedence(expr: Expr) -> int:
    """How tightly the outermost operation binds."""
    match expr:
        case Binary():
            return BINARY[expr.op]
        case Number():
            return UNARY if is_negative(expr) else NUMBER
        case Unary():
            return NOT if expr.op == "not" else UNARY
        case Compare():
            return COMPARE
        case BoolOp():
            return AND if expr.op == "and" else OR
        case Conditional():
            return CONDITIONAL
        case _:
            return PRIMARY


def is_negative(expr: Expr) -> bool:
    """Whether the expression is a number whose literal begins with a minus (-0.0 included)."""
    return type(expr) is Number and number_text(expr.value).startswith("-")


def left_in_parentheses(expr: Binary) -> bool:
    """Whether the left operand needs parentheses."""
    floor = NUMBER if expr.op == "**" else BINARY[expr.op]
    return precedence(expr.left) < floor


def right_in_parentheses(expr: Binary) -> bool:
    """Whether the right operand needs parentheses: `a - (b - c)`, `x ** (y**z)`, but `x**-y`."""
    if expr.op == "**":
        return precedence(expr.right) < UNARY or type(expr.right) is Binary
    return precedence(expr.right) <= BINARY[expr.op]


def unary_in_parentheses(expr: Unary) -> bool:
    """Whether the operand of a unary operator needs parentheses: `-(x**2)`, `-(-x)`."""
    binding = precedence(expr.operand)
    if expr.op == "not":
        return binding < NOT or binding == POWER
    return binding <= UNARY or binding == POWER


def compared_in_parentheses(expr: Expr) -> bool:
    """Whether an operand of a comparison needs parentheses."""
    return precedence(expr) <= COMPARE


def bool_in_parentheses(expr: Expr) -> bool:
    """Whether a value of `and` or `or` needs parentheses."""
    return precedence(expr) < NOT


def branch_in_parentheses(expr: Expr) -> bool:
    """Whether the body or the test of a conditional needs parentheses."""
    return precedence(expr) < OR


def base_in_parentheses(expr: Expr) -> bool:
    """Whether what is called, subscripted or asked for an attribute needs parentheses."""
    return precedence(expr) < PRIMARY


def is_simple_power(expr: Binary) -> bool:
    """Whether a power is written without spaces: `x**2`, `a.b**-n`, but `f(x) ** 2`."""
    return (
        expr.op == "**"
        and not left_in_parentheses(expr)
        and not right_in_parentheses(expr)
        and _is_simple_operand(expr.left)
        and _is_simple_operand(expr.right)
    )


def _is_simple_operand(expr: Expr) -> bool:
    match expr:
        case Name() | Number():
            return True
        case Unary():
            return expr.op != "not" and _is_simple_operand(expr.operand)
        case Attribute():
            return _is_simple_operand(expr.value)
        case _:
            return False


# --- one function for each kind of node --------------------------------------------------


def _binary(expr: Binary) -> str:
    """A chain of operators, walked down its left side because a sum may be very long."""
    tail: list[str] = []
    while True:
        right = expr.right
        text = right.id if type(right) is Name else operand(right, right_in_parentheses(expr))
        tail.append(f"**{text}" if is_simple_power(expr) else f" {expr.op} {text}")
        left = expr.left
        if type(left) is not Binary or left_in_parentheses(expr):
            break
        expr = left
    tail.append(operand(left, left_in_parentheses(expr)))
    tail.reverse()
    return "".join(tail)


def _number(expr: Number) -> str:
    return number_text(expr.value)


def _string(expr: StringLit) -> str:
    return string_text(expr.value)


def _unary(expr: Unary) -> str:
    space = " " if expr.op == "not" else ""
    return expr.op + space + operand(expr.operand, unary_in_parentheses(expr))


def _compare(expr: Compare) -> str:
    text = operand(expr.left, compared_in_parentheses(expr.left))
    for op, right in zip(expr.ops, expr.comparators, strict=True):
        text += f" {op} {operand(right, compared_in_parentheses(right))}"
    return text


def _bool_op(expr: BoolOp) -> str:
    values = [operand(value, bool_in_parentheses(value)) for value in expr.values]
    return f" {expr.op} ".join(values)


def _conditional(expr: Conditional) -> str:
    body = operand(expr.body, branch_in_parentheses(expr.body))
    test = operand(expr.test, branch_in_parentheses(expr.test))
    return f"{body} if {test} else {flat(expr.orelse)}"


def _call(expr: Call) -> str:
    func = expr.func
    text = func if isinstance(func, str) else operand(func, base_in_parentheses(func))
    if not expr.kwargs:
        return f"{text}({sequence(expr.args)})"
    keywords = [f"{name}={flat(value)}" for name, value in expr.kwargs]
    return f"{text}({', '.join([flat(arg) for arg in expr.args] + keywords)})"


def _tuple(expr: Tuple) -> str:
    return f"({sequence(expr.items)}{',' * (len(expr.items) == 1)})"


def _list(expr: ListExpr) -> str:
    return f"[{sequence(expr.items)}]"


def _attribute(expr: Attribute) -> str:
    return f"{operand(expr.value, base_in_parentheses(expr.value))}.{expr.attr}"


def _subscript(expr: Subscript) -> str:
    indices = ", ".join([_index(index) for index in expr.indices])
    return f"{operand(expr.value, base_in_parentheses(expr.value))}[{indices}]"


def _index(index: Expr | Slice) -> str:
    if not isinstance(index, Slice):
        return flat(index)
    return "".join([part if isinstance(part, str) else flat(part) for part in slice_parts(index)])


_FLAT: dict[type, Callable[[Any], str]] = {
    Number: _number,
    StringLit: _string,
    Unary: _unary,
    Binary: _binary,
    Compare: _compare,
    BoolOp: _bool_op,
    Conditional: _conditional,
    Call: _call,
    Tuple: _tuple,
    ListExpr: _list,
    Attribute: _attribute,
    Subscript: _subscript,
}
