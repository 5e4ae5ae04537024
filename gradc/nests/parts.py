"""Arrays written element by element, and arrays that are zero but in some places.

The latter are zeros with a part at places that depend on the index: of `embed`, `diagonal_matrix`
and `scatter_add`.  In a sum, only the part is added (`add_parts`, as `accumulation` says).

Deliberately absent: what the elements are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradc.ir.dims import product
from gradc.ir.graph import DType, Equation, Type
from gradc.nests.accumulation import Part, Sum
from gradc.nests.context import Context, Place
from gradc.nests.counting import Moved, chosen
from gradc.nests.model import Apply, Element, Expr, Fill, Get, If, Store
from gradc.nests.nest import Nest, around, size_of
from gradc.nests.spans import Span
from gradc.nests.tables import At, integer, sum_of, zero


def mapped(context: Context, equation: Equation, element: Callable[[At], Expr]) -> None:
    """Each element of the result by itself."""
    out = equation.out
    if not out.type.shape:
        context.define(out, element(()), equation.origin)
        return
    axes = context.axes(out.type.shape)
    at = tuple(Get(axis.variable) for axis in axes)
    value = element(at)
    place = context.target(out)
    context.bind(out, place)
    target = Element(place.buffer, (*place.at, *at))
    context.emit(Nest(target, axes, (), (), value, None, equation.origin))


def with_zeros(context: Context, equation: Equation) -> None:
    """Zeros with the elements of the first operand at places that depend on their own."""
    value, out = equation.args[0], equation.out
    if not out.type.shape:
        context.define(out, context.value(value), equation.origin)
        return
    moved = context.module.counts.move(equation)
    if moved is not None:
        _move(context, equation, moved)
        return
    if out in context.plan.points:
        _point(context, equation)
        return
    place = context.target(out)
    context.bind(out, place)
    _zeros(context, place, out.type, equation)
    part = Part((equation,), value, False)
    _put_part(context, part, place, None if equation.op in _SEPARATE else "add")


def _move(context: Context, equation: Equation, moved: Moved) -> None:
    """An array moved along one axis, with zeros behind it."""
    value, (axis,) = equation.args[0], equation.param("axes")
    extent = equation.out.type.shape[axis]
    back = size_of(-moved.offset)
    span = Span(moved.inside.low + moved.offset, moved.inside.high + moved.offset)

    def element(at: At) -> Expr:
        source = (*at[:axis], sum_of(at[axis], back), *at[axis + 1 :])
        here = context.module.counts.holds(at[axis], span, extent)
        nothing = zero(equation.out.type.dtype)
        return chosen(here, context.element(value, source), nothing, nothing.dtype)

    mapped(context, equation, element)


def _point(context: Context, equation: Equation) -> None:
    """A scalar at one place of a vector, and zeros elsewhere."""
    ((start, _),) = equation.param("items")
    (extent,) = equation.out.type.shape

    def element(at: At) -> Expr:
        here = context.module.counts.holds(at[0], Span(start, start + 1), extent)
        value, nothing = context.value(equation.args[0]), zero(equation.out.type.dtype)
        return chosen(here, value, nothing, nothing.dtype)

    mapped(context, equation, element)


def add_parts(context: Context, equation: Equation, sum: Sum) -> None:
    """A sum with parts that are zero but in some places: `base += part`, there."""
    place = context.adopted(equation.out, sum.base)
    if place is None:
        place = context.target(equation.out)
        context.store(place, sum.base, equation.origin)
    for part in sum.parts:
        _put_part(context, part, place, "add")
    context.bind(equation.out, place)


def _put_part(context: Context, part: Part, place: Place, op: str | None) -> None:
    """Store elements at their places, or join them to what is there."""
    origin = part.path[-1].origin
    axes = context.axes(part.value.type.shape)
    here = tuple(Get(axis.variable) for axis in axes)
    where: At = here
    element = context.element(part.value, here)
    if part.negative:
        element = Apply("neg", (element,), part.value.type.dtype)
    some: Expr | None = None
    for equation in reversed(part.path):
        where = _PLACES[equation.op](context, equation, where)
        if any(index in context.doubtful for index in equation.args[1:]):
            # An index that was checked for some elements only may be 0 where there is none.
            count = size_of(product(equation.out.type.shape))
            any_ = Apply("gt", (count, integer(0)), DType.BOOL)
            some = any_ if some is None else Apply("and", (some, any_), DType.BOOL)
    target = Element(place.buffer, (*place.at, *where))
    if some is None:
        context.emit(Nest(target, axes, (), (), element, op, origin))
        return
    for statement in around(axes, [If(some, (Store(target, element, op, origin),))]):
        context.emit(statement)


def _zeros(context: Context, place: Place, type: Type, equation: Equation) -> None:
    if not place.at:
        context.emit(Fill(place.buffer, zero(type.dtype), equation.origin))
        return
    axes = context.axes(type.shape)
    target = Element(place.buffer, (*place.at, *(Get(axis.variable) for axis in axes)))
    context.emit(Nest(target, axes, (), (), zero(type.dtype), None, equation.origin))


def _embedded(context: Context, equation: Equation, here: At) -> At:
    remaining = iter(here)
    return tuple(
        size_of(start) if stop is None else sum_of(next(remaining), size_of(start))
        for start, stop in equation.param("items")
    )


def _on_diagonal(context: Context, equation: Equation, here: At) -> At:
    return (*here, here[-1])


def _at_indices(context: Context, equation: Equation, here: At) -> At:
    indices, axes = equation.args[1:], equation.param("axes")
    places = max(len(index.type.shape) for index in indices)
    neighbours = list(axes) == list(range(axes[0], axes[0] + len(axes)))
    front = axes[0] if neighbours else 0
    computed = dict(zip(axes, indices, strict=True))
    where, rest = here[front : front + places], iter((*here[:front], *here[front + places :]))
    return tuple(
        context.element(computed[axis], where) if axis in computed else next(rest)
        for axis in range(len(equation.out.type.shape))
    )


_PLACES: Mapping[str, Callable[[Context, Equation, At], At]] = {
    "embed": _embedded,
    "diagonal_matrix": _on_diagonal,
    "scatter_add": _at_indices,
}
_SEPARATE = frozenset({"embed", "diagonal_matrix"})  # each element goes to a place of its own
