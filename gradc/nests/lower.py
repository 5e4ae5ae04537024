"""One equation as nests: `lower`.

An equation is a view, which is nothing but noted; elementwise; a reduction; or one of the few that
write their result in parts.  What each does is in one table, by the name of its row; elementwise
rows need no entry.

Deliberately absent: loops over nests, and their fusion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate

from gradc.ir.dims import Dim, product
from gradc.ir.graph import Atom, DType, Equation, Lit, Type, Var
from gradc.nests.context import DEEPEST_VIEW, Context, Formula, Place, View
from gradc.nests.counting import chosen
from gradc.nests.library import workspace
from gradc.nests.matrices import product_of_matrices
from gradc.nests.model import (
    Apply,
    Assign,
    Check,
    Const,
    Declare,
    Element,
    Expr,
    For,
    Get,
    Invoke,
    Let,
    Local,
    Stmt,
    Store,
)
from gradc.nests.nest import Axis, Nest, Places, around, size_of
from gradc.nests.parts import mapped, with_zeros
from gradc.nests.structured import STRUCTURED
from gradc.nests.tables import (
    REDUCTIONS,
    VIEWS,
    At,
    integer,
    neutral,
    sum_of,
    zero,
)
from gradc.ops.arrays import joined_axis
from gradc.ops.indexing import partly_checked
from gradc.ops.table import PRIMITIVES

Rule = Callable[[Context, Equation], None]


def lower(context: Context, equation: Equation) -> None:
    """Write what computes an equation, and say where its results are."""
    structured = STRUCTURED.get(equation.op)
    if structured is not None:
        structured(context, equation)
        return
    out = equation.out
    if equation.op in VIEWS and out not in context.results and _shallow(context, equation):
        _view(context, equation)
        return
    counts = context.module.counts
    if counts.counts(out) and out not in context.results:
        context.bind(out, Formula(out))
        return
    rule = _RULES.get(equation.op)
    if rule is not None:
        rule(context, equation)
        return
    if equation.op in VIEWS:
        context.bind(out, View(equation, 1))

        def element(at: At) -> Expr:
            return VIEWS[equation.op](context, equation, at)

    else:
        assert PRIMITIVES[equation.op].elementwise, equation.op

        def element(at: At) -> Expr:
            args = tuple(context.element(arg, at) for arg in equation.args)
            if equation.op == "select":
                condition, then, otherwise = args
                return chosen(condition, then, otherwise, out.type.dtype)
            return Apply(equation.op, args, out.type.dtype, equation.params)

    mapped(context, equation, element)


def _shallow(context: Context, equation: Equation) -> bool:
    return all(context.depth(arg) < DEEPEST_VIEW for arg in equation.args)


def _view(context: Context, equation: Equation) -> None:
    out = equation.out
    if not out.type.shape:
        value = VIEWS[equation.op](context, equation, ())
        if equation.op == "copy" and isinstance(value, (Const, Get)):
            context.bind(out, value)
        else:
            context.define(out, value, equation.origin)
        return
    operand = equation.args[0] if equation.op == "copy" else None
    if type(operand) is Var and operand.type.shape:
        context.bind(out, context.home(operand))
        return
    depth = max((context.depth(arg) for arg in equation.args), default=0)
    context.bind(out, View(equation, depth + 1))


# Reductions


def _reduce(context: Context, equation: Equation) -> None:
    operand = equation.args[0]
    few = context.module.counts.first_few(operand) if equation.op == "sum" else None
    if few is not None and equation.out.type.dtype is DType.REAL:
        extent, wanted = operand.type.shape[0], context.plan.inline.get(equation.out)
        total = _sum_of_first(context, *few, extent, wanted == extent)
        if wanted == extent and equation.out not in context.results:
            context.bind(equation.out, total)
        else:
            context.define(equation.out, total, equation.origin)
        return
    reduction = REDUCTIONS[equation.op]
    axes = context.axes(operand.type.shape)
    at = tuple(Get(axis.variable) for axis in axes)
    value = context.element(operand, at)
    if equation.op == "count":
        value = Apply("real", (value,))
    kept = [axis for n, axis in enumerate(axes) if n not in equation.param("axes")]
    reduced = [axis for n, axis in enumerate(axes) if n in equation.param("axes")]
    start = neutral(reduction, equation.out.type.dtype)
    _reduced(context, equation, kept, reduced, value, reduction.op, start)


def _sum_of_first(context: Context, array: Atom, count: int, extent: Dim, some: bool) -> Expr:
    """The sum of so many elements along an axis, which may have fewer; `some`: it has one."""
    total: Expr = Const(0.0)
    for place in range(count):
        there: Expr = Apply("gt", (size_of(extent), integer(place)), DType.BOOL)
        if some and place == 0:
            there = Const(True, DType.BOOL)
        element = chosen(there, context.element(array, (integer(place),)), Const(0.0), DType.REAL)
        total = element if total == Const(0.0) else Apply("add", (total, element))
    return total


def _contract(context: Context, equation: Equation) -> None:
    operands, result = equation.param("spec").split("->")
    letters = operands.split(",")
    if product_of_matrices(context, equation, letters, result):
        return
    axis_of: dict[str, Axis] = {}
    for names, arg in zip(letters, equation.args, strict=True):
        for letter, dim in zip(names, arg.type.shape, strict=True):
            if letter not in axis_of:
                axis_of[letter] = Axis(Local(letter, DType.INT), dim)
    factors = tuple(
        context.element(arg, tuple(Get(axis_of[letter].variable) for letter in names))
        for names, arg in zip(letters, equation.args, strict=True)
    )
    kept = [axis_of[letter] for letter in result]
    reduced = [axis for letter, axis in axis_of.items() if letter not in result]
    value = Apply("mul", factors)
    if reduced:
        _reduced(context, equation, kept, reduced, value, "add", Const(0.0))
    else:
        _reduced(context, equation, kept, (), value, None, None)


def _reduced(
    context: Context,
    equation: Equation,
    kept: list[Axis],
    reduced: list[Axis] | tuple[()],
    value: Expr,
    op: str | None,
    start: Const | None,
) -> None:
    out = equation.out
    target: Element | Local
    if out.type.shape:
        place = context.target(out)
        context.bind(out, place)
        at = tuple(Get(axis.variable) for axis in kept)
        target = Element(place.buffer, (*place.at, *at))
    else:
        target = _begun(context, out, start or zero(out.type.dtype))
        start = None
    nest = Nest(target, tuple(kept), tuple(reduced), (), value, op, equation.origin, start)
    context.emit(nest)


def _begun(context: Context, out: Var, first: Const) -> Local:
    """The local of a scalar that is joined from elements, with its first value."""
    wanted = context.results.get(out)
    local = wanted if isinstance(wanted, Local) else Local(out.name, out.type.dtype, out)
    context.emit(Declare(local, first, None) if wanted is None else Assign(local, first))
    context.bind(out, Get(local))
    return local


def _extreme_place(context: Context, equation: Equation) -> None:
    """The first place of the largest element, or of the smallest; a NaN counts as such."""
    operand, (axis,) = equation.args[0], equation.param("axes")
    axes = context.axes(operand.type.shape)
    kept, along = [*axes[:axis], *axes[axis + 1 :]], axes[axis]
    _some_element(context, equation, along, kept)
    value = context.element(operand, tuple(Get(each.variable) for each in axes))
    dtype = operand.type.dtype
    reduction = REDUCTIONS[equation.op.removeprefix("arg")]
    start = neutral(reduction, dtype)
    out = equation.out
    if not out.type.shape:
        best = Local("best", dtype)
        context.emit(Declare(best, start))
        places = Places(Get(along.variable), _begun(context, out, integer(0)))
        nest = Nest(best, (), (along,), (), value, reduction.op, equation.origin, places=places)
        context.emit(nest)
        return
    place = context.target(out)
    context.bind(out, place)
    at = tuple(Get(axis.variable) for axis in kept)
    target = Element(context.scratch("best", Type(dtype, out.type.shape)), at)
    places = Places(Get(along.variable), Element(place.buffer, (*place.at, *at)))
    nest = Nest(target, tuple(kept), (along,), (), value, reduction.op, equation.origin, start)
    context.emit(nest._replace(places=places))


def _some_element(context: Context, equation: Equation, along: Axis, kept: list[Axis]) -> None:
    """Ends the function where a place is asked for and there is none."""
    if (along.extent.constant or 0) > 0:
        return
    asked = Apply("gt", (size_of(product(axis.extent for axis in kept)), integer(0)), DType.BOOL)
    context.emit(Check(integer(0), along.extent, equation.op, asked, equation.origin))


def _prod_others(context: Context, equation: Equation) -> None:
    """The product of those before, times the product of those behind."""
    operand, out = equation.args[0], equation.out
    *kept, along = context.axes(operand.type.shape)
    place = context.target(out)
    context.bind(out, place)
    at = tuple(Get(axis.variable) for axis in (*kept, along))
    target = Element(place.buffer, (*place.at, *at))
    value, size = context.element(operand, at), size_of(along.extent)
    before, after = Local("before", DType.REAL), Local("after", DType.REAL)
    back = Local("back", DType.INT)
    up: list[Stmt] = [Store(target, Get(before), None), Assign(before, value, "mul")]
    last = Apply("sub", (Apply("sub", (size, integer(1)), DType.INT), Get(back)), DType.INT)
    down: list[Stmt] = [Store(target, Get(after), "mul"), Assign(after, value, "mul")]
    steps: list[Stmt] = [
        Declare(before, Const(1.0), equation.origin),
        For(along.variable, integer(0), size, tuple(up)),
        Declare(after, Const(1.0)),
        For(back, integer(0), size, (Let(along.variable, last), *down)),
    ]
    for statement in around(kept, steps):
        context.emit(statement)


# Results that are joined from operands


def _join(context: Context, equation: Equation, starts: list[Dim], stacked: bool) -> None:
    out, axis = equation.out, joined_axis(dict(equation.params))
    place = context.target(out)
    context.bind(out, place)
    for arg, start in zip(equation.args, starts, strict=True):
        axes = context.axes(arg.type.shape)
        here = tuple(Get(each.variable) for each in axes)
        if stacked:
            where = (*here[:axis], size_of(start), *here[axis:])
        else:
            where = (*here[:axis], sum_of(here[axis], size_of(start)), *here[axis + 1 :])
        target = Element(place.buffer, (*place.at, *where))
        element = context.element(arg, here)
        context.emit(Nest(target, axes, (), (), element, None, equation.origin))


def _concat(context: Context, equation: Equation) -> None:
    axis = joined_axis(dict(equation.params))
    sizes = (arg.type.shape[axis] for arg in equation.args)
    _join(context, equation, list(accumulate(sizes, initial=Dim.of(0)))[:-1], False)


def _stack(context: Context, equation: Equation) -> None:
    _join(context, equation, [Dim.of(n) for n in range(len(equation.args))], True)


# Indices, and halves of matrices


def _checked(context: Context, equation: Equation) -> None:
    """The index, which ends the function where it is out of range and taken; else 0 there."""
    index, taken = equation.args
    out, size = equation.out, equation.param("size")
    everywhere = taken == Lit(True, taken.type)
    axes = context.axes(out.type.shape)
    at = tuple(Get(axis.variable) for axis in axes)
    place, holds = context.element(index, at), context.element(taken, at)
    check = Check(place, size, equation.param("what"), holds, equation.origin)
    value = place
    if partly_checked(equation):
        context.doubtful.add(out)
    if not everywhere:
        low = Apply("ge", (place, integer(0)), DType.BOOL)
        high = Apply("lt", (place, size_of(size)), DType.BOOL)
        inside = Apply("and", (low, high), DType.BOOL)
        value = Apply("select", (inside, place, integer(0)), DType.INT)
    if not out.type.shape:
        context.emit(check)
        context.define(out, value, equation.origin)
        return
    target = context.target(out)
    context.bind(out, target)
    element = Element(target.buffer, (*target.at, *at))
    context.emit(Nest(element, axes, (), (check,), value, None, equation.origin))


def _lower_half(context: Context, equation: Equation) -> None:
    def element(at: At) -> Expr:
        row, column = at[-2:]
        value = context.element(equation.args[0], at)
        half = Apply("mul", (value, Const(0.5)))
        diagonal = Apply("eq", (row, column), DType.BOOL)
        inside = Apply("select", (diagonal, half, value))
        above = Apply("lt", (row, column), DType.BOOL)
        return Apply("select", (above, Const(0.0), inside))

    mapped(context, equation, element)


# Linear algebra


def _matrices(context: Context, equation: Equation) -> None:
    """A function of the library, of each of many square matrices."""
    matrix, *rest = equation.args
    out = equation.out
    shape = matrix.type.shape
    many = size_of(product(shape[:-2]))
    operands: list[Expr] = [context.place(matrix).start]
    operands += [context.place(arg).start for arg in rest]
    place = context.target(out) if out.type.shape else Place(context.scratch(out.name, out.type))
    sizes = [shape[-1]]
    if rest:
        sizes.append(product(rest[0].type.shape[len(shape) - 1 :]))
    work = context.scratch("work", Type(DType.REAL, (workspace(equation.op, sizes),)))
    operands += [place.start, many, *map(size_of, sizes), Place(work).start]
    context.emit(Invoke(equation.op, tuple(operands), equation.origin))
    if out.type.shape:
        context.bind(out, place)
    else:
        context.define(out, Element(place.buffer, ()), equation.origin)


_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(REDUCTIONS, _reduce),
    "contract": _contract,
    "argmax": _extreme_place,
    "argmin": _extreme_place,
    "prod_others": _prod_others,
    **dict.fromkeys(("embed", "diagonal_matrix", "scatter_add"), with_zeros),
    "concat": _concat,
    "stack": _stack,
    "checked": _checked,
    "lower_half": _lower_half,
    **dict.fromkeys(("solve", "inv", "det", "cofactors", "logdet", "cholesky"), _matrices),
}
