"""Expressions of JavaScript as documents: parentheses, and where a line may be broken.

Invariant: the text parses back to the tree.  Parentheses are those that the grammar demands, and
a few that a reader wants: around a mixed `&&`/`||`, around a conditional that is an operand of
another, and around a sum in a remainder of a sum.

Deliberately absent: statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradc.targets.js.lexical import number_text, string_text
from gradc.targets.statements.document import Doc, Group, Indent, Line
from gradc.targets.statements.operations import operands, with_operands
from gradc.targets.statements.tree import (
    Attribute,
    Binary,
    BoolOp,
    Call,
    Compare,
    Conditional,
    Element,
    Elementwise,
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

# How tightly each construct binds, loosest first.
CONDITIONAL, OR, AND, EQUALITY, RELATION, SUM, PRODUCT, POWER, UNARY, PRIMARY = range(10)

_BINARY = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": POWER}
_COMPARE = {"==": "===", "!=": "!=="}
_BOOL = {"and": "&&", "or": "||"}
_UNARY = {"not": "!", "-": "-", "+": "+"}

# What an element of an array is called that has no name.
_ELEMENTS = ("t", "u", "v", "w")


def flat(expr: Expr) -> str:
    """An expression on one line."""
    return expr.id if type(expr) is Name else flat_document(document(expr))


def flat_document(doc: Doc) -> str:
    """A document of this file on one line."""
    out: list[str] = []
    todo: list[Doc] = [doc]
    while todo:
        part = todo.pop()
        if type(part) is str:
            out.append(part)
        elif type(part) is list:
            todo.extend(reversed(part))
        elif isinstance(part, Line):
            out.append(part.flat)
        elif isinstance(part, (Group, Indent)):
            todo.append(part.doc)
    return "".join(out)


def precedence(expr: Expr) -> int:
    """How tightly the outermost operation binds."""
    match expr:
        case Binary("//"):
            return PRIMARY
        case Binary():
            return _BINARY[expr.op]
        case Number():
            return UNARY if number_text(expr.value).startswith("-") else PRIMARY
        case Unary():
            return UNARY
        case Compare():
            return EQUALITY if expr.ops[0] in _COMPARE else RELATION
        case BoolOp():
            return AND if expr.op == "and" else OR
        case Conditional():
            return CONDITIONAL
        case _:
            return PRIMARY


def document(expr: Expr) -> Doc:
    """An expression with its possible line breaks."""
    match expr:
        case Name():
            return expr.id
        case Number():
            return number_text(expr.value)
        case StringLit():
            return string_text(expr.value)
        case Unary():
            return [_UNARY[expr.op], _operand(expr.operand, precedence(expr.operand) <= UNARY)]
        case Binary("//"):
            return ["Math.floor(", document(Binary("/", expr.left, expr.right)), ")"]
        case Binary("**"):
            base, exponent = expr.left, expr.right
            right = _operand(exponent, precedence(exponent) < POWER)
            return [_operand(base, precedence(base) <= UNARY), " ** ", right]
        case Binary():
            return _chain(list(_terms(expr)))
        case Compare():
            return _comparison(expr)
        case BoolOp():
            values = [
                _operand(v, precedence(v) <= OR or (type(v) is BoolOp and v.op != expr.op))
                for v in expr.values
            ]
            op = _BOOL[expr.op]
            return _chain([values[0], *([f"{op} ", value] for value in values[1:])])
        case Conditional():
            test, body, orelse = expr.test, expr.body, expr.orelse
            return _chain(
                [
                    _operand(test, type(test) is Conditional),
                    ["? ", _operand(body, type(body) is Conditional)],
                    [": ", document(orelse)],
                ]
            )
        case Call():
            func = expr.func
            text: Doc = func if isinstance(func, str) else _primary(func)
            return [text, bracket("(", map(document, expr.args), ")")]
        case Tuple() | ListExpr():
            return bracket("[", map(document, expr.items), "]")
        case Attribute():
            return [_primary(expr.value), ".", expr.attr]
        case Subscript():
            (index,) = expr.indices
            assert not isinstance(index, Slice)
            return [_primary(expr.value), "[", document(index), "]"]
        case Elementwise():
            return _elementwise(expr)
        case Element():
            raise AssertionError("an element stands in the body of an `Elementwise`")


def _operand(expr: Expr, parentheses: bool) -> Doc:
    return ["(", document(expr), ")"] if parentheses else document(expr)


def _primary(expr: Expr) -> Doc:
    return _operand(expr, precedence(expr) < PRIMARY or type(expr) is Number)


def _terms(expr: Binary) -> Iterator[Doc]:
    """The operands of a chain of sums or of products, each but the first behind its operator.

    Walked down the left side in a loop, because a sum may be very long.
    """
    level = precedence(expr)
    tail: list[Doc] = []
    left: Expr = expr
    while type(left) is Binary and left.op != "//" and precedence(left) == level:
        right = left.right
        tail.append([f"{left.op} ", _operand(right, precedence(right) <= level)])
        left = left.left
    yield _operand(left, precedence(left) < level)
    yield from reversed(tail)


def _comparison(expr: Compare) -> Doc:
    (op,), (right,) = expr.ops, expr.comparators
    sides = [_operand(side, precedence(side) <= RELATION) for side in (expr.left, right)]
    return _chain([sides[0], [f"{_COMPARE.get(op, op)} ", sides[1]]])


def _chain(parts: Sequence[Doc]) -> Doc:
    rest: list[Doc] = []
    for part in parts[1:]:
        rest += [Line(" "), part]
    return Group([parts[0], Indent(rest)])


def bracket(opening: str, items: Iterable[Doc], closing: str) -> Doc:
    """Items between commas; broken, one on each line."""
    inner: list[Doc] = []
    for item in items:
        inner += [",", Line(" "), item] if inner else [item]
    if not inner:
        return opening + closing
    return Group([opening, Indent([Line(""), inner]), Line(""), closing])


# Elementwise


def _elementwise(expr: Elementwise) -> Doc:
    """`map((x, y) => x * y, x, y)`, or `map(f, x)` for a function of the elements."""
    taken = {name.id for name in _leaves(expr.body) if isinstance(name, Name)}
    names: dict[Element, Name] = {}
    for element, _ in expr.arrays:
        if isinstance(element, Element):
            names[element] = Name(_fresh(taken))
            taken.add(names[element].id)
    params = [names[e] if isinstance(e, Element) else e for e, _ in expr.arrays]
    body = _named(expr.body, names)
    function: Doc
    if isinstance(body, Call) and isinstance(body.func, str) and list(body.args) == params:
        function = body.func
    else:
        listed = ", ".join(param.id for param in params)
        function = [f"({listed}) => ", _operand(body, type(body) is Conditional)]
    arrays = [document(array) for _, array in expr.arrays]
    return ["map_truths" if expr.truth else "map", bracket("(", [function, *arrays], ")")]


def _fresh(taken: set[str]) -> str:
    for name in _ELEMENTS:
        if name not in taken:
            return name
    number = 1
    while f"t{number}" in taken:
        number += 1
    return f"t{number}"


def _leaves(expr: Expr) -> Iterator[Expr]:
    """The names and elements in the body of an `Elementwise`."""
    todo = [expr]
    while todo:
        part = todo.pop()
        if isinstance(part, (Name, Element)):
            yield part
        else:
            todo.extend(operands(part))


def _named(expr: Expr, names: dict[Element, Name]) -> Expr:
    """The body of an `Elementwise` with names for elements."""
    if not names:
        return expr
    if isinstance(expr, Element):
        return names[expr]
    return with_operands(expr, [_named(part, names) for part in operands(expr)])
