"""How one element of an equation is computed, for equations that move elements: one table.

A view computes nothing: its element at an index is an element of an operand at another.  The
elements of an elementwise equation are its row applied to elements; those of a reduction are joined
by a row of two operands, from a neutral element.

Deliberately absent: where quantities are, and in what order elements are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from gradc.ir.dims import Shape
from gradc.ir.graph import Atom, DType, Equation, Var
from gradc.nests.model import Apply, Const, Expr
from gradc.nests.nest import size_of

if TYPE_CHECKING:
    from gradc.nests.context import Context

At = tuple[Expr, ...]
ViewRule = Callable[["Context", Equation, At], Expr]


def integer(number: int) -> Const:
    """An integer literal."""
    return Const(number, DType.INT)


def sum_of(left: Expr, right: Expr) -> Expr:
    """The sum of two integers, without zeros."""
    if left == integer(0):
        return right
    if right == integer(0):
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        return integer(int(left.value) + int(right.value))
    return Apply("add", (left, right), DType.INT)


def product_of(left: Expr, right: Expr) -> Expr:
    """The product of two integers, without ones."""
    if left == integer(1):
        return right
    if right == integer(1):
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        return integer(int(left.value) * int(right.value))
    return Apply("mul", (left, right), DType.INT)


def linear(at: At, shape: Shape) -> Expr:
    """The place of an element in row-major order."""
    place: Expr = integer(0)
    for index, dim in zip(at, shape, strict=True):
        place = sum_of(product_of(place, size_of(dim)), index) if place != integer(0) else index
    return place


def _unravelled(place: Expr, shape: Shape) -> At:
    """The index of an element at a place in row-major order."""
    index: list[Expr] = []
    for dim in reversed(shape[1:]):
        size = size_of(dim)
        index.append(Apply("mod", (place, size), DType.INT))
        place = Apply("floordiv", (place, size), DType.INT)
    return (place, *reversed(index)) if shape else ()


# Views


def _broadcast(context: Context, equation: Equation, at: At) -> Expr:
    return context.element(equation.args[0], tuple(at[axis] for axis in equation.param("axes")))


def _transpose(context: Context, equation: Equation, at: At) -> Expr:
    perm = equation.param("perm")
    return context.element(equation.args[0], tuple(at[perm.index(n)] for n in range(len(perm))))


def _copy(context: Context, equation: Equation, at: At) -> Expr:
    return context.element(equation.args[0], at)


def _index(context: Context, equation: Equation, at: At) -> Expr:
    remaining = iter(at)
    index: list[Expr] = []
    for start, stop in equation.param("items"):
        first = size_of(start)
        index.append(first if stop is None else sum_of(next(remaining), first))
    return context.element(equation.args[0], tuple(index))


def _reshape(context: Context, equation: Equation, at: At) -> Expr:
    operand = equation.args[0]
    shape = operand.type.shape
    if not shape:
        return context.element(operand, ())
    place = linear(at, equation.out.type.shape)
    if isinstance(operand, Var) and context.in_memory(operand):
        return context.element(operand, (*(integer(0) for _ in shape[1:]), place))
    return context.element(operand, _unravelled(place, shape))


def _diagonal(context: Context, equation: Equation, at: At) -> Expr:
    return context.element(equation.args[0], (*at, at[-1]))


def _iota(context: Context, equation: Equation, at: At) -> Expr:
    return at[0]


def _gather(context: Context, equation: Equation, at: At) -> Expr:
    """As NumPy's advanced indices: their axes stand where the indexed ones were, or in front."""
    value, *indices = equation.args
    axes = equation.param("axes")
    rank = len(value.type.shape)
    places = max(len(index.type.shape) for index in indices)
    neighbours = list(axes) == list(range(axes[0], axes[0] + len(axes)))
    front = axes[0] if neighbours else 0
    where, rest = at[front : front + places], iter((*at[:front], *at[front + places :]))
    computed = dict(zip(axes, indices, strict=True))
    index = tuple(
        context.element(computed[axis], where) if axis in computed else next(rest)
        for axis in range(rank)
    )
    found = _chosen_element(context, value, index)
    for axis in axes:
        size = value.type.shape[axis]
        if size in computed[axis].type.shape:
            continue  # where an index is looked at, the axis has an element
        if computed[axis] in context.doubtful and (size.constant or 0) <= 0:
            some = Apply("gt", (size_of(size), integer(0)), DType.BOOL)
            found = Apply(
                "select", (some, found, zero(equation.out.type.dtype)), found_type(equation)
            )
    return found


def _chosen_element(context: Context, value: Atom, index: At) -> Expr:
    """An element at an index; a choice between two of those where an index is a choice."""
    for axis, place in enumerate(index):
        if isinstance(place, Apply) and place.op == "select":
            condition, *places = place.args
            then, otherwise = (
                context.element(value, (*index[:axis], each, *index[axis + 1 :])) for each in places
            )
            return Apply("select", (condition, then, otherwise), value.type.dtype)
    return context.element(value, index)


def found_type(equation: Equation) -> DType:
    """What the elements of a result are."""
    return equation.out.type.dtype


def zero(dtype: DType) -> Const:
    """The zero of a type; false for truth values."""
    return Const({DType.REAL: 0.0, DType.INT: 0, DType.BOOL: False}[dtype], dtype)


VIEWS: Mapping[str, ViewRule] = {
    "broadcast": _broadcast,
    "transpose": _transpose,
    "copy": _copy,
    "index": _index,
    "reshape": _reshape,
    "diagonal": _diagonal,
    "iota": _iota,
    "gather": _gather,
}


def view_of(op: str) -> ViewRule:
    """The rule of an operation that is a view."""
    return VIEWS[op]


# Reductions


class Reduction(NamedTuple):
    """What joins elements, and what there is before the first."""

    op: str
    neutral: float
    whole: int  # the neutral integer


REDUCTIONS: Mapping[str, Reduction] = {
    "sum": Reduction("add", 0.0, 0),
    "count": Reduction("add", 0.0, 0),
    "prod": Reduction("mul", 1.0, 1),
    "max": Reduction("maximum", -inf, -(2**63)),
    "min": Reduction("minimum", inf, 2**63 - 1),
    "any": Reduction("or", 0.0, 0),
    "all": Reduction("and", 1.0, 1),
}


def neutral(reduction: Reduction, dtype: DType) -> Const:
    """What a reduction of no elements gives."""
    if dtype is DType.REAL:
        return Const(reduction.neutral)
    return Const(reduction.whole if dtype is DType.INT else bool(reduction.whole), dtype)


def neutral_of(op: str, dtype: DType) -> Const:
    """What changes nothing when a row of two operands joins it to a value."""
    joining = next(each for each in REDUCTIONS.values() if each.op == op)
    return neutral(joining, dtype)
