"""Statements that are too long for one line, as `ruff format` breaks them.

What is decided here: whether the value of a statement gets parentheses, breaks inside its
own brackets, or is left too long because nothing would make it fit.  The rules of the
formatter are named where they are applied.

Deliberately absent: expressions (`layout.py`), comments, and breaks inside the target of an
assignment other than between the names of a tuple.
"""

from __future__ import annotations

import enum

from gradc.targets.python.flat import (
    base_in_parentheses,
    bool_in_parentheses,
    branch_in_parentheses,
    compared_in_parentheses,
    is_negative,
    left_in_parentheses,
    right_in_parentheses,
    unary_in_parentheses,
)
from gradc.targets.python.layout import BARE, ENCLOSED, SOFT, SPACE, Builder, is_fluent, joined
from gradc.targets.python.tree import BINARY, COMPARE, CONDITIONAL, OR, PRIMARY
from gradc.targets.statements.document import (
    BestFitParens,
    BestFitting,
    Doc,
    Group,
    IfBroken,
    Indent,
    print_document,
)
from gradc.targets.statements.tree import (
    Assign,
    Attribute,
    AugAssign,
    Binary,
    BoolOp,
    Call,
    Compare,
    Conditional,
    Expr,
    ExprStmt,
    Function,
    ListExpr,
    Marker,
    Name,
    Number,
    Param,
    Raise,
    Return,
    SimpleStmt,
    StringLit,
    Subscript,
    Tuple,
    TupleAssign,
    Unary,
)


def broken(stmt: SimpleStmt, indent: int) -> str:
    """A simple statement over as many lines as it needs."""
    return print_document(_statement(Builder(tight_powers=_is_returned_pair(stmt)), stmt), indent)


def broken_clause(before: str, value: Expr, indent: int) -> str:
    """`if value:` or `for target in value:`; `before` ends in a space."""
    return print_document([before, _value(Builder(), value), ":"], indent)


def broken_header(function: Function) -> str:
    """`def name(parameters) -> returns:`, the parameters on one line of their own or on many."""
    build = Builder()
    returns: Doc = ""
    if function.returns is not None:
        returns = [" -> ", _return_hint(build, function)]
    if not function.params:
        return print_document([f"def {function.name}()", Group(returns), ":"], 0)
    docs = [_parameter(build, param) for param in function.params]
    inner: Doc = [part for doc in docs for part in (doc, ",", SPACE)][:-2]
    inner = [inner, IfBroken(",")]
    # A single parameter is always followed by a comma where the signature breaks.
    content = inner if len(docs) == 1 else Group(inner)
    header = Group(["(", Indent([SOFT, content]), SOFT, ")", returns])
    return print_document([f"def {function.name}", header, ":"], 0)


def _parameter(build: Builder, param: Param | Marker) -> Doc:
    if isinstance(param, Marker):
        return param.text
    doc: list[Doc] = [param.name]
    if param.hint is not None:
        doc += [": ", build.expr(param.hint, ENCLOSED)]
    if param.default is not None:
        equals = "=" if param.hint is None else " = "
        doc += [equals, build.expr(param.default, ENCLOSED)]
    return doc


def _return_hint(build: Builder, function: Function) -> Doc:
    hint = function.returns
    assert hint is not None
    if _parens_for(hint) is _Parens.NEVER or (function.params and isinstance(hint, Subscript)):
        return build.expr(hint, BARE)
    if function.params:
        return _value(build, hint)
    return _multiline(build, hint)


# --- simple statements -------------------------------------------------------------------


def _statement(build: Builder, stmt: SimpleStmt) -> Doc:
    match stmt:
        case Assign():
            return _assign(build, stmt.target, "=", stmt.value)
        case AugAssign():
            return _assign(build, stmt.target, f"{stmt.op}=", stmt.value)
        case TupleAssign():
            return _tuple_assign(build, stmt.targets, stmt.value)
        case Return():
            return "return" if stmt.value is None else ["return ", _returned(build, stmt.value)]
        case Raise():
            return ["raise ", _value(build, stmt.value, best_fit=False)]
        case ExprStmt(Binary() as value) if BINARY[value.op] <= BINARY["+"]:
            # Only sums and bit operations may get parentheses here.
            return _value(build, value)
        case ExprStmt():
            return build.expr(stmt.value, BARE)


def _assign(build: Builder, target: str, op: str, value: Expr) -> Doc:
    """`target op value`, the target a name or a subscript."""
    if target.endswith("]"):
        return _right_to_left(build, target, op, value)
    return [f"{target} {op} ", _value(build, value)]


def _tuple_assign(build: Builder, targets: tuple[str, ...], value: Expr) -> Doc:
    """`a, b = value`, a tuple on the right without parentheses while it fits."""
    target: Doc = f"({targets[0]},)"
    if len(targets) > 1:
        target = build.parenthesized_if_broken(joined(targets), build.fresh())
    if isinstance(value, Tuple) and len(value.items) > 1:
        items = build.parenthesized_if_broken(build.items(value.items), build.fresh())
        return [target, " = ", items]
    return _right_to_left(build, target, "=", value)


def _returned(build: Builder, value: Expr) -> Doc:
    """The value of a return; a pair may break inside its last bracket, a longer tuple not."""
    if not isinstance(value, Tuple) or len(value.items) < 2:
        return _value(build, value)
    id = build.fresh()
    items = build.items(value.items, id if len(value.items) == 2 else ENCLOSED)
    return build.parenthesized_if_broken(items, id)


def _is_returned_pair(stmt: SimpleStmt) -> bool:
    return isinstance(stmt, Return) and isinstance(stmt.value, Tuple) and len(stmt.value.items) == 2


# --- the value of a statement ------------------------------------------------------------


class _Parens(enum.Enum):
    """What parentheses may do for a value, as the formatter sorts expressions."""

    MULTILINE = enum.auto()  # needed where it breaks
    BEST_FIT = enum.auto()  # wanted only where they make it fit
    NEVER = enum.auto()  # it has its own brackets


def _value(build: Builder, value: Expr, *, best_fit: bool = True) -> Doc:
    """The value of a statement, in the parentheses that its breaking needs."""
    match _parens_for(value):
        case _Parens.MULTILINE:
            return _multiline(build, value)
        case _Parens.BEST_FIT if best_fit:
            id = build.fresh()
            return BestFitParens(build.expr(value, id), id)
        case _:
            return build.expr(value, BARE)


def _multiline(build: Builder, value: Expr) -> Doc:
    """A value that may break in its own last brackets, or else goes between parentheses."""
    id = build.fresh()
    level = id if _can_omit_parentheses(value) else ENCLOSED
    return build.parenthesized_if_broken(build.expr(value, level), id)


def _right_to_left(build: Builder, target: Doc, op: str, value: Expr) -> Doc:
    """An assignment whose target has brackets: the value breaks before the target does."""
    op = f" {op} "
    own_brackets = isinstance(value, (Call, Attribute, Subscript))
    atom = isinstance(value, (Name, StringLit)) or (
        isinstance(value, Number) and not is_negative(value)
    )
    if not atom and not (own_brackets and _parens_for(value) is _Parens.BEST_FIT):
        return [target, op, _value(build, value)]
    content = build.expr(value, BARE)
    enclosed = Group([Indent([SOFT, content]), SOFT], expand=True)
    variants: list[Doc] = [[target, op, content], [target, op, "(", enclosed, ")"]]
    if own_brackets:
        variants.insert(1, [target, op, Group(content, expand=True)])
    return BestFitting((*variants, [Group(target, expand=True), op, content]))


def _parens_for(expr: Expr) -> _Parens:
    match expr:
        case Binary() | Compare() | BoolOp() | Conditional():
            return _Parens.MULTILINE
        case Unary():
            if unary_in_parentheses(expr):
                return _Parens.NEVER
            return _parens_for(expr.operand)
        case Tuple() | ListExpr():
            return _Parens.NEVER
        case Call() | Attribute() | Subscript():
            return _parens_for_chain(expr)
        case _:
            return _Parens.BEST_FIT


def _parens_for_chain(expr: Call | Attribute | Subscript) -> _Parens:
    if is_fluent(expr):
        return _Parens.MULTILINE
    base = expr.func if isinstance(expr, Call) else expr.value
    if isinstance(base, str):
        return _Parens.BEST_FIT
    return _Parens.NEVER if base_in_parentheses(base) else _parens_for(base)


# --- whether brackets inside a value make optional parentheses unnecessary ---------------


# A dot after brackets counts as an operator that binds tighter than any other.
_DOT = PRIMARY


class _Scan:
    """What an expression begins and ends with, and how often its loosest operator occurs.

    `first` and `last` are the outermost sub-expressions at either end, with whether they
    stand in parentheses; a `first` of None is an operator's token.
    """

    def __init__(self) -> None:
        self.loosest = _DOT + 1
        self.count = 0
        self.brackets = False
        self.begun = False
        self.first_bracketed = False
        self.last_bracketed = False

    def _operators(self, binding: int, count: int) -> None:
        if binding < self.loosest:
            self.loosest, self.count = binding, count
        elif binding == self.loosest:
            self.count += count

    def _begin(self, bracketed: bool) -> None:
        if not self.begun:
            self.begun, self.first_bracketed = True, bracketed

    def operand(self, expr: Expr, parentheses: bool) -> None:
        """Take in a sub-expression."""
        bracketed = _is_bracketed(expr, parentheses)
        self.last_bracketed = bracketed
        if parentheses:
            self.brackets = True
        else:
            self.inside(expr)
        self._begin(bracketed)

    def inside(self, expr: Expr) -> None:
        """Take in the parts of an expression that is not itself in parentheses."""
        match expr:
            case Binary():
                self._chain(expr)
            case Compare():
                self._operators(COMPARE, len(expr.ops))
                for value in (expr.left, *expr.comparators):
                    self.operand(value, compared_in_parentheses(value))
            case BoolOp():
                self._operators(OR, len(expr.values) - 1)
                for value in expr.values:
                    self.operand(value, bool_in_parentheses(value))
            case Conditional():
                self._operators(CONDITIONAL, 2)
                self.operand(expr.body, branch_in_parentheses(expr.body))
                self.operand(expr.test, branch_in_parentheses(expr.test))
                self.operand(expr.orelse, False)
            case Unary():
                self._begin(False)
                self.operand(expr.operand, unary_in_parentheses(expr))
            case Number() if is_negative(expr):
                self._begin(False)
            case Tuple() | ListExpr():
                self.brackets = True
            case Call() | Subscript() | Attribute():
                self._base(expr)
            case _:
                pass

    def _base(self, expr: Call | Subscript | Attribute) -> None:
        base = expr.func if isinstance(expr, Call) else expr.value
        if isinstance(base, str):
            self._begin(False)
        else:
            parentheses = base_in_parentheses(base)
            self.operand(base, parentheses)
            if isinstance(expr, Attribute) and (parentheses or _has_brackets(base)):
                self._operators(_DOT, 1)
        if not isinstance(expr, Attribute):
            self.brackets = True
        self.last_bracketed = _is_bracketed(expr, False)

    def _chain(self, expr: Binary) -> None:
        """A binary operation, walked down its left side because a sum may be very long."""
        spine = [expr]
        while isinstance(expr.left, Binary) and not left_in_parentheses(expr):
            expr = expr.left
            spine.append(expr)
        for node in spine:
            self._operators(BINARY[node.op], 1)
        self.operand(expr.left, left_in_parentheses(expr))
        for node in reversed(spine):
            self.operand(node.right, right_in_parentheses(node))


def _can_omit_parentheses(expr: Expr) -> bool:
    """Whether to try breaking inside the value's own brackets before adding parentheses.

    Not where its loosest operator occurs twice: then every operator gets its own line.
    """
    scan = _Scan()
    scan.inside(expr)
    if not scan.brackets or scan.count > 1:
        return False
    return scan.loosest >= _DOT or scan.first_bracketed or scan.last_bracketed


def _is_bracketed(expr: Expr, parentheses: bool) -> bool:
    """Whether an operand has brackets with something in them, other than a subscript's."""
    if isinstance(expr, Subscript):
        return False
    return parentheses or (_has_brackets(expr) and not _is_empty(expr))


def _has_brackets(expr: Expr) -> bool:
    return isinstance(expr, (Call, Subscript, Tuple, ListExpr))


def _is_empty(expr: Expr) -> bool:
    if isinstance(expr, Call):
        return not expr.args and not expr.kwargs
    return isinstance(expr, (Tuple, ListExpr)) and not expr.items
