"""Where an expression that is too long for its line breaks: trees into documents.

The rules are those of `ruff format` (whose own model is Black), so that its output is a
fixed point; each function names the rule that it states.  Only statements that do not fit
come here: a statement that fits is printed on its line by `printer.py`.

Deliberately absent: comments (a statement that breaks has its comment above it).

Note [Levels]: what may break depends on the brackets around an expression.  A level is
`BARE` (a break would be a syntax error), `ENCLOSED` (inside brackets), or the id of a group
that puts optional parentheses around the whole expression where it is printed expanded.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from gradc.targets.python.flat import (
    base_in_parentheses,
    bool_in_parentheses,
    branch_in_parentheses,
    compared_in_parentheses,
    flat,
    is_simple_power,
    left_in_parentheses,
    right_in_parentheses,
    slice_parts,
    unary_in_parentheses,
)
from gradc.targets.python.tree import BINARY, COMPARE, OR
from gradc.targets.statements.document import (
    Doc,
    FitsExpanded,
    Group,
    GroupIfBroken,
    IfBroken,
    IfFlat,
    Indent,
    IndentIfBroken,
    Line,
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
    Slice,
    Subscript,
    Tuple,
    Unary,
)

BARE = -1
ENCLOSED = 0

SOFT = Line("")
SPACE = Line(" ")


class Builder:
    """Builds the document of one statement; `fresh` numbers its groups.

    `tight_powers` says that optional parentheses, once printed, will be read back as a
    tuple's own.  Otherwise a power keeps a quirk of the formatter: inside optional
    parentheses that are printed, `x**2` gets a space after its operator.
    """

    def __init__(self, *, tight_powers: bool = False) -> None:
        self._ids = itertools.count(1)
        self._tight_powers = tight_powers

    def fresh(self) -> int:
        """A group id not used before in this statement."""
        return next(self._ids)

    def expr(self, expr: Expr, level: int, fluent: bool | None = None) -> Doc:
        """An expression without parentheses of its own; `fluent` comes from an outer chain."""
        match expr:
            case Binary() | Compare() | BoolOp():
                return group_in(level, self._operations(_flatten(expr), level))
            case Unary():
                sign = expr.op + (" " if expr.op == "not" else "")
                return [sign, self.operand(expr.operand, unary_in_parentheses(expr), level)]
            case Conditional():
                return group_in(level, self._conditional(expr, level))
            case Call() | Attribute() | Subscript():
                return self._chain(expr, level, fluent)
            case Tuple():
                if len(expr.items) == 1:
                    return bracketed("(", [self.expr(expr.items[0], ENCLOSED), ","], ")", level)
                return self._collection("(", expr.items, ")", level)
            case ListExpr():
                return self._collection("[", expr.items, "]", level)
            case _:
                return flat(expr)

    def operand(self, expr: Expr, parentheses: bool, level: int) -> Doc:
        """An operand, between parentheses if so decided."""
        if parentheses:
            return bracketed("(", self.expr(expr, ENCLOSED), ")", level)
        return self.expr(expr, level)

    def items(self, items: Sequence[Expr], level: int = ENCLOSED) -> Doc:
        """Items between commas; one on each line, with a comma at the end, where they break."""
        return joined([self.expr(item, level) for item in items])

    def parenthesized_if_broken(self, content: Doc, id: int) -> Doc:
        """Content on one line, or else between parentheses on lines of its own."""
        return Group([IfBroken("("), IndentIfBroken([SOFT, content], id), SOFT, IfBroken(")")], id)

    def _collection(self, left: str, items: Sequence[Expr], right: str, level: int) -> Doc:
        if not items:
            return left + right
        return bracketed(left, self.items(items), right, level)

    def _operations(self, parts: list[_Part], level: int) -> Doc:
        """Operands and operators: all of the loosest operators break together, before them."""
        if len(parts) == 1:
            return self.operand(parts[0].expr, parts[0].parentheses, level)
        loosest = min(part.binding for part in parts[1:])
        doc: list[Doc] = []
        start = 0
        for end in range(1, len(parts) + 1):
            if end < len(parts) and parts[end].binding != loosest:
                continue
            if start:
                doc.extend(self._operator(parts[start], level))
            if end == start + 1:
                doc.append(self.operand(parts[start].expr, parts[start].parentheses, level))
            else:
                doc.append(group_in(level, self._operations(parts[start:end], level)))
            start = end
        return doc

    def _operator(self, part: _Part, level: int) -> list[Doc]:
        """An operator with the break before it; a power has spaces only where it breaks."""
        if not part.hugs:
            return [break_in(level), part.op + " "]
        if level == BARE:
            return [part.op]
        space: Doc = IfBroken(" ") if self._tight_powers else " "
        return [IfBroken(SOFT, level), part.op, IfBroken(space, level)]

    def _conditional(self, expr: Conditional, level: int) -> Doc:
        """The branches break before `if` and `else`; one in the last branch breaks along."""
        doc: list[Doc] = []
        while True:
            body = self.operand(expr.body, branch_in_parentheses(expr.body), level)
            test = self.operand(expr.test, branch_in_parentheses(expr.test), level)
            doc += [body, break_in(level), "if ", test, break_in(level), "else "]
            if type(expr.orelse) is not Conditional:
                return [*doc, group_in(level, self.expr(expr.orelse, level))]
            expr = expr.orelse

    def _chain(self, expr: Call | Attribute | Subscript, level: int, fluent: bool | None) -> Doc:
        """A call, attribute or subscript; two calls on the way make a chain of one dot a line."""
        is_root = fluent is None
        if fluent is None:
            fluent = level != BARE and is_fluent(expr)
        if isinstance(expr, Call):
            doc = [*self._base(expr.func, level, fluent), self._arguments(expr, level)]
        elif isinstance(expr, Subscript):
            doc = [*self._base(expr.value, level, fluent), self._indices(expr, level)]
        else:
            doc = self._base(expr.value, level, fluent)
            if fluent and (
                base_in_parentheses(expr.value) or isinstance(expr.value, (Call, Subscript))
            ):
                doc.append(SOFT)
            doc.append("." + expr.attr)
        return Group(doc) if is_root and fluent else doc

    def _base(self, base: str | Expr, level: int, fluent: bool | None) -> list[Doc]:
        if isinstance(base, str):
            return [base]
        if base_in_parentheses(base):
            return [self.operand(base, True, level)]
        return [self.expr(base, level, fluent)]

    def _arguments(self, call: Call, level: int) -> Doc:
        if not call.args and not call.kwargs:
            return "()"
        arguments = [self.expr(arg, ENCLOSED) for arg in call.args]
        arguments += [[f"{name}=", self.expr(arg, ENCLOSED)] for name, arg in call.kwargs]
        return bracketed("(", Group(joined(arguments)), ")", level)

    def _indices(self, expr: Subscript, level: int) -> Doc:
        indices = [self._index(index) for index in expr.indices]
        content = indices[0] if len(indices) == 1 else Group(joined(indices))
        return bracketed("[", content, "]", level)

    def _index(self, index: Expr | Slice) -> Doc:
        if not isinstance(index, Slice):
            return self.expr(index, ENCLOSED)
        parts = slice_parts(index)
        return [part if isinstance(part, str) else self.expr(part, ENCLOSED) for part in parts]


class _Part(NamedTuple):
    """An operand of a chain of operations, with the operator before it."""

    expr: Expr
    parentheses: bool
    op: str = ""
    binding: int = 0
    hugs: bool = False  # a power written without spaces


def _flatten(root: Expr) -> list[_Part]:
    """The operands and operators of an expression down to the operands in parentheses."""
    parts: list[_Part] = []
    todo = [_Part(root, False)]
    while todo:
        part = todo.pop()
        inner = [] if part.parentheses else _operands(part.expr)
        if inner:
            inner[0] = part._replace(expr=inner[0].expr, parentheses=inner[0].parentheses)
            todo.extend(reversed(inner))
        else:
            parts.append(part)
    return parts


def _operands(expr: Expr) -> list[_Part]:
    """The operands of a binary operation, comparison or truth operation; none of any other."""
    match expr:
        case Binary():
            left = _Part(expr.left, left_in_parentheses(expr))
            right = _Part(expr.right, right_in_parentheses(expr), expr.op, BINARY[expr.op])
            return [left, right._replace(hugs=is_simple_power(expr))]
        case Compare():
            values = (expr.left, *expr.comparators)
            ops = ("", *expr.ops)
            in_parentheses, binding = compared_in_parentheses, COMPARE
        case BoolOp():
            # `and` and `or` break together, so they count as equally tight.
            values, ops = expr.values, (expr.op,) * len(expr.values)
            in_parentheses, binding = bool_in_parentheses, OR
        case _:
            return []
    return [
        _Part(value, in_parentheses(value), op, binding)
        for value, op in zip(values, ops, strict=True)
    ]


def break_in(level: int) -> Doc:
    """A space that is a line break where the brackets of the level are broken."""
    if level == BARE:
        return " "
    return SPACE if level == ENCLOSED else [IfBroken(SPACE, level), IfFlat(" ", level)]


def group_in(level: int, doc: Doc) -> Doc:
    """A group, if its breaks are allowed at the level."""
    if level == BARE:
        return doc
    return Group(doc) if level == ENCLOSED else GroupIfBroken(doc, level)


def bracketed(left: str, content: Doc, right: str, level: int) -> Doc:
    """Content between brackets; breaking them does not break optional parentheses outside."""
    inner: Doc = Group([Indent([SOFT, content]), SOFT])
    return [left, FitsExpanded(inner, level) if level > ENCLOSED else inner, right]


def joined(docs: Sequence[Doc]) -> Doc:
    """Documents between commas, with a comma after the last of several where they break."""
    out: list[Doc] = []
    for doc in docs:
        out += [doc, ",", SPACE]
    del out[-2:]
    return [*out, IfBroken(",")] if len(docs) > 1 else out


def is_fluent(expr: Expr) -> bool:
    """Whether a chain has two or more calls or brackets before a dot, so breaks at its dots."""
    count = 0
    while True:
        if isinstance(expr, Attribute):
            base: str | Expr = expr.value
            if base_in_parentheses(expr.value):
                return count + 1 >= 2
            count += isinstance(base, (Call, Subscript))
        elif isinstance(expr, (Call, Subscript)):
            base = expr.func if isinstance(expr, Call) else expr.value
        else:
            return count >= 2
        if isinstance(base, str) or base_in_parentheses(base):
            return count >= 2
        expr = base
