"""How rows of the table are spelled in C, for scalars.

A row says it for real numbers (`spell["c"]`): an operator, a function of <math.h>, one of the
library, or a form of this file.  Functions have the suffix `f` in single precision and `i` for
integers.
Integers that come from data wrap around, as NumPy's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradc.ir.graph import DType
from gradc.nests.model import Apply, Const, Expr, Get, SizeOf
from gradc.ops.primitive import Fn, Form, Helper, Infix, Prefix
from gradc.ops.table import PRIMITIVES
from gradc.targets.c.expressions import (
    BIT_AND,
    BIT_OR,
    BREAK,
    CONDITIONAL,
    EQUALITY,
    OR,
    PRIMARY,
    PRODUCT,
    RELATION,
    SUM,
    UNARY,
    Part,
    Piece,
    Scene,
    Spelled,
    bounded,
    call,
)
from gradc.targets.c.lexical import int_text

_LEVELS = {
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "<": RELATION,
    "<=": RELATION,
    ">": RELATION,
    ">=": RELATION,
    "==": EQUALITY,
    "!=": EQUALITY,
    "&": BIT_AND,
    "|": BIT_OR,
}
_OPPOSITE = {"+": "-", "-": "+"}  # of a negative number
_WRAPPING = frozenset({"add", "sub", "mul", "neg"})
_LARGEST_POWER = 8  # of those that the library writes as products


def operation(scene: Scene, expr: Apply, part: Part) -> Spelled:
    """A row of the table, applied to operands."""
    place = part.place
    whole = _operands_dtype(expr) is DType.INT
    if whole and expr.op in _WRAPPING and not (place or bounded(scene, expr)):
        return call(scene.helper(f"g_{expr.op}i"), [Part(arg, CONDITIONAL) for arg in expr.args])
    spelling = PRIMITIVES[expr.op].spell["c"]
    match spelling:
        case Infix(operator):
            return _infix(expr, operator, place)
        case Prefix(operator):
            return _prefix(expr, operator, place)
        case Form(name):
            return FORMS[name](scene, expr, part)
    suffix = "i" if whole else "f" if scene.single else ""
    operands = [Part(arg, CONDITIONAL, place) for arg in expr.args]
    if isinstance(spelling, Fn):
        return call(f"{spelling.name}{suffix}", operands)
    assert isinstance(spelling, Helper)
    return call(scene.helper(f"{spelling.name}{suffix}"), operands)


def helper_of(scene: Scene, op: str, dtype: DType) -> str:
    """The function of the library that joins two values by a row, such as `maximum`."""
    spelling = PRIMITIVES[op].spell["c"]
    assert isinstance(spelling, Helper)
    suffix = "i" if dtype is DType.INT else "f" if scene.single else ""
    return scene.helper(f"{spelling.name}{suffix}")


def operator_of(op: str) -> str | None:
    """The operator of a row of two operands, if it has one."""
    spelling = PRIMITIVES[op].spell["c"]
    return spelling.operator if isinstance(spelling, Infix) else None


def dtype_of(expr: Expr) -> DType:
    """The type of an expression's value."""
    match expr:
        case Get():
            return expr.local.dtype
        case Const() | SizeOf() | Apply():
            return expr.dtype
        case _:
            return expr.buffer.dtype


def _operands_dtype(expr: Apply) -> DType:
    return dtype_of(expr.args[-1])


def _infix(expr: Apply, operator: str, place: bool) -> Spelled:
    level = _LEVELS[operator]
    left, right = expr.args
    if operator in _OPPOSITE and isinstance(right, Const) and -(2**63) < right.value < 0:
        operator, right = _OPPOSITE[operator], right._replace(value=-right.value)
    first, second = level, level + 1
    if level in (BIT_AND, BIT_OR, EQUALITY, RELATION):
        first = second = SUM
        if level in (BIT_AND, BIT_OR):  # a compiler warns of `!x | y`
            first = level if _same(left, expr) else PRIMARY
    parts = (Part(left, first, place), f" {operator}", BREAK, Part(right, second, place))
    return Spelled(level, parts)


def _same(left: Expr, expr: Apply) -> bool:
    return isinstance(left, Apply) and left.op == expr.op


def _prefix(expr: Apply, operator: str, place: bool) -> Spelled:
    """Two minus signs side by side would be another operator."""
    level = UNARY if operator == "!" else PRIMARY
    return Spelled(UNARY, (operator, Part(expr.args[0], level, place)))


# Forms


def _integer_power(scene: Scene, expr: Apply, part: Part) -> Spelled:
    """Squares and cubes of what is read at no cost as products, other small powers as such."""
    (base,) = expr.args
    n = dict(expr.params)["n"]
    suffix = "f" if scene.single else ""
    if n in (2, 3) and isinstance(base, Get) and base.local not in scene.inlined:
        factor = Part(base, PRODUCT)
        more: list[Piece] = [" *", BREAK, factor]
        return Spelled(PRODUCT, [factor, *more * (n - 1)])
    inner = Part(base, CONDITIONAL)
    if abs(n) <= _LARGEST_POWER:
        return call(scene.helper(f"g_ipow{suffix}"), (inner, str(n)))
    exponent = Part(Const(float(n)), CONDITIONAL)
    return call(scene.helper(f"g_pow{suffix}"), (inner, exponent))


def _polygamma(scene: Scene, expr: Apply, part: Part) -> Spelled:
    name = scene.helper("g_polygammaf" if scene.single else "g_polygamma")
    return call(name, (int_text(dict(expr.params)["n"]), Part(expr.args[0], CONDITIONAL)))


def _copy(scene: Scene, expr: Apply, part: Part) -> Spelled:
    return Spelled(PRIMARY, (part._replace(expr=expr.args[0]),))


def _to_real(scene: Scene, expr: Apply, part: Part) -> Spelled:
    (arg,) = expr.args
    if isinstance(arg, Const):
        return Spelled(PRIMARY, (part._replace(expr=Const(float(arg.value))),))
    return Spelled(UNARY, (f"({scene.real})", Part(arg, UNARY)))


def _select(scene: Scene, expr: Apply, part: Part) -> Spelled:
    test, then, otherwise = expr.args
    pieces: tuple[Piece, ...] = (Part(test, EQUALITY), " ?", BREAK, Part(then, OR), " :", BREAK)
    chained = isinstance(otherwise, Apply) and otherwise.op == "select"
    return Spelled(CONDITIONAL, (*pieces, Part(otherwise, CONDITIONAL if chained else OR)))


FORMS: Mapping[str, Callable[[Scene, Apply, Part], Spelled]] = {
    "integer_power": _integer_power,
    "polygamma": _polygamma,
    "copy": _copy,
    "to_real": _to_real,
    "select": _select,
}
