"""Spelling for JavaScript: its operators, `Math`, helpers, and `map` over the elements of arrays.

JavaScript's numbers follow IEEE 754, so nothing needs a guard; `-0`, which integers do not have,
is kept out of them.  An integer is a number, exact up to 2**53.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradc.ir.graph import Atom, DType, Equation, Lit
from gradc.ops.primitive import Fn, Form, Helper, Infix, Prefix, Spelling
from gradc.ops.table import PRIMITIVES
from gradc.targets.js.arrays import (
    ARRAY_FORMS,
    ARRAY_HELPERS,
    ARRAYS,
    element_of,
    put_helper,
)
from gradc.targets.js.document import flat
from gradc.targets.js.elementwise import elementwise
from gradc.targets.statements.places import Place
from gradc.targets.statements.signs import inverse, negative
from gradc.targets.statements.style import Constants, Context, FormRule, Steps, copy
from gradc.targets.statements.tree import (
    Assign,
    Binary,
    BoolOp,
    Call,
    Compare,
    Conditional,
    Count,
    Element,
    Expr,
    ExprStmt,
    ListExpr,
    Name,
    Number,
    Stmt,
    Subscript,
)

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


class JavaScriptStyle:
    """The one kind of module: numbers, and arrays where there are any."""

    array = "array"
    module = "Math"
    constants = Constants("true", "false", "NaN", "Infinity")
    single = None
    guard_plain = None
    arrays = ARRAYS

    def spelling(self, op: str) -> Spelling:
        """How a primitive is spelled."""
        return PRIMITIVES[op].spell["js"]

    def has_form(self, name: str) -> bool:
        """Whether there is a rule for a form."""
        return name in _FORMS or name in ARRAY_FORMS

    def helpers(self, equation: Equation) -> tuple[str, ...]:
        """The helpers that the spelling of an equation may call."""
        spelling = self.spelling(equation.op)
        found: tuple[str, ...] = ()
        if isinstance(spelling, Helper):
            found = (spelling.name,)
        elif isinstance(spelling, Form):
            found = _FORM_HELPERS.get(spelling.name, ())
        if equation.out.type.shape and PRIMITIVES[equation.op].elementwise:
            found += ("map", "map_truths")
        return found

    def spell(self, context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
        """An equation's right-hand side, given its operands as expressions."""
        spelling = self.spelling(equation.op)
        if isinstance(spelling, Form) and spelling.name in ARRAY_FORMS:
            return ARRAY_FORMS[spelling.name](context, equation, args)

        def spelled(operands: Sequence[Expr]) -> Expr:
            return self._of_numbers(context, equation, spelling, operands)

        if equation.op == "copy" or not PRIMITIVES[equation.op].elementwise:
            return spelled(args)
        if equation.op == "select" and equation.out.type.shape and not equation.args[0].type.shape:
            return self._choice(context, equation, args)
        return elementwise(context, equation, args, spelled)

    def _of_numbers(
        self, context: Context, equation: Equation, spelling: Spelling, args: Sequence[Expr]
    ) -> Expr:
        match spelling:
            case Infix(operator):
                return _infix(equation, operator, args)
            case Prefix("not"):
                return inverse(args[0])
            case Prefix():
                whole = equation.out.type.dtype is DType.INT
                return Binary("-", Number(0), args[0]) if whole else negative(args[0])
            case Fn(name):
                return Call(name, tuple(args))
            case Helper(name):
                return Call(context.helper(name), tuple(args))
            case Form(name):
                return _FORMS[name](context, equation, args)

    def _choice(self, context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
        """A choice between whole quantities by one truth value."""
        shape = equation.out.type.shape
        branches = [
            branch if atom.type.shape else ARRAYS.filled(context, branch, shape)
            for atom, branch in zip(equation.args[1:], args[1:], strict=True)
        ]
        return Conditional(branches[0], args[0], branches[1])

    def inverse(self, condition: Expr) -> Expr:
        """The opposite of a truth value."""
        return inverse(condition)

    def store(self, context: Context, place: Place, value: Expr, comment: str | None) -> Stmt:
        """`array.data[i] = value`, or `put(array, [i], value)` for a row."""
        if len(place.indices) == place.rank:
            element = element_of(Name(place.array), place.indices)
            return Assign(flat(element), value, comment)
        row = ListExpr(place.indices)
        return ExprStmt(Call(put_helper(context), (Name(place.array), row, value)), comment)

    def loop(self, context: Context, steps: Steps, body: Sequence[Stmt]) -> Stmt:
        """`for (let i = start; i < stop; i += step)`."""
        stride, start = steps.step, steps.start
        ran = steps.counted
        if steps.backwards:
            ran = steps.length if ran is None else ran
            last = _element(start, _one_less(ran), stride)
            if stride == 1:
                last = _one_less(_element(start, ran, 1))
            op = ">=" if stride > 0 else "<="
            return Count(steps.target, last, op, start, -stride, tuple(body))
        stop = steps.stop if ran is None else _element(start, ran, stride)
        op = "<" if stride > 0 else ">"
        return Count(steps.target, start, op, stop, stride, tuple(body))


def _one_less(size: Expr) -> Expr:
    return Number(size.value - 1) if isinstance(size, Number) else Binary("-", size, Number(1))


def _element(start: Expr, number: Expr, stride: int) -> Expr:
    """The element of a range with a number."""
    past = number
    if abs(stride) != 1:
        past = Binary("*", Number(abs(stride)), number)
    if start == Number(0) and stride > 0:
        return past
    return Binary("+" if stride > 0 else "-", start, past)


def _infix(equation: Equation, operator: str, args: Sequence[Expr]) -> Expr:
    left, right = args
    if operator in ("and", "or"):
        return BoolOp(operator, tuple(part for side in args for part in _values(operator, side)))
    if operator in _COMPARISONS:
        return Compare(left, (operator,), (right,))
    value = Binary(operator, left, right)
    whole = equation.out.type.dtype is DType.INT
    if whole and operator == "*" and not any(map(_positive, equation.args)):
        return Binary("+", value, Number(0))  # an integer has no -0
    return value


def _values(op: str, expr: Expr) -> tuple[Expr, ...]:
    return expr.values if isinstance(expr, BoolOp) and expr.op == op else (expr,)


def _positive(atom: Atom) -> bool:
    return type(atom) is Lit and atom.value > 0


# Forms of elementwise primitives


def _whole_quotient(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    whole = equation.out.type.dtype is DType.INT
    helper = f"int_{equation.op}" if whole else equation.op
    return Call(context.helper(helper), tuple(args))


def _integer_power(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """Squares and cubes of a name or an element as products."""
    base, n = args[0], equation.param("n")
    if n in (2, 3) and isinstance(base, (Name, Element, Subscript)):
        square = Binary("*", base, base)
        return square if n == 2 else Binary("*", square, base)
    return Binary("**", base, Number(n))


def _polygamma(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call(context.helper("polygamma"), (Number(equation.param("n")), args[0]))


def _select(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    test, then, otherwise = args
    return then if repr(then) == repr(otherwise) else Conditional(then, test, otherwise)


def _to_real(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    if equation.args[0].type.dtype is DType.BOOL:
        return Conditional(Number(1), args[0], Number(0))
    return args[0]


_FORMS: Mapping[str, FormRule] = {
    "whole_quotient": _whole_quotient,
    "integer_power": _integer_power,
    "polygamma": _polygamma,
    "copy": copy,
    "select": _select,
    "to_real": _to_real,
}
_FORM_HELPERS: Mapping[str, tuple[str, ...]] = {
    "whole_quotient": ("floordiv", "mod", "int_floordiv", "int_mod"),
    "polygamma": ("polygamma",),
    "select": ("broadcast_to",),
    **ARRAY_HELPERS,
}
JAVASCRIPT_STYLE = JavaScriptStyle()
