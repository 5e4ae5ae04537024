"""Spelling for modules of scalars: Python's own operators, `math`, and helpers.

Python raises where IEEE arithmetic gives an infinity or a NaN: in division, in powers, and in
most of `math`.  Those go through helpers.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import DType, Equation, Lit
from gradc.targets.python.idioms import conditional
from gradc.targets.python.style import PythonStyle
from gradc.targets.statements.style import Context, checked, copy
from gradc.targets.statements.tree import Binary, Call, Expr, Name, Number, Subscript


def _divide(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    divisor = equation.args[1]
    if type(divisor) is Lit and divisor.value != 0.0:
        return Binary("/", context.number(equation.args[0]), args[1])
    return Call("div", tuple(args))


def _whole_quotient(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """The operator where the divisor is a number other than 0, else a helper."""
    divisor, whole = equation.args[1], equation.out.type.dtype is DType.INT
    if type(divisor) is Lit and divisor.value != 0:
        return Binary("//" if equation.op == "floordiv" else "%", args[0], args[1])
    return Call(f"int_{equation.op}" if whole else equation.op, tuple(args))


def _integer_power(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """Squares and cubes of a name or an element as products; anything else by the helper."""
    base, n = args[0], equation.param("n")
    if isinstance(base, (Name, Subscript)) and n in (2, 3):
        square = Binary("*", base, base)
        return square if n == 2 else Binary("*", square, base)
    return Call("power", (base, Number(n)))


def _polygamma(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call("polygamma", (Number(equation.param("n")), args[0]))


def _select(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    _, then, otherwise = equation.args
    return conditional(context.atom(then), args[0], context.atom(otherwise))


def _gather(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """An element of a list, or of a list of lists."""
    element = args[0]
    for index in args[1:]:
        element = Subscript(element, (index,))
    return element


SCALAR_STYLE = PythonStyle(
    name="python",
    helpers_of="math",
    module="math",
    array="list",
    forms={
        "divide": _divide,
        "whole_quotient": _whole_quotient,
        "integer_power": _integer_power,
        "polygamma": _polygamma,
        "copy": copy,
        "select": _select,
        "gather": _gather,
        "checked": checked,
    },
    form_helpers={
        "divide": ("div",),
        "whole_quotient": ("floordiv", "mod", "int_floordiv", "int_mod"),
        "integer_power": ("power",),
        "polygamma": ("polygamma",),
        "checked": ("checked",),
    },
    guard_plain=None,
    arrays=None,
)
