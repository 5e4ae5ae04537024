"""Spelling of operations on whole arrays: calls of the helpers that emitted modules bring along.

An element at computed places is read and written by its place in the data: `x.data[i]`,
`A.data[i * A.shape[1] + j]`.  Everything else goes to a helper.

Invariant: an index that is written for an element is in range.  Where an index was checked for
some elements only, the axis may have none at all, so a helper reads there; see
`Context.doubtful`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, DType, Equation, Type
from gradc.ops.arrays import joined_axis
from gradc.targets.js.document import flat
from gradc.targets.statements.style import ArrayRules, Context, FormRule, checked
from gradc.targets.statements.tree import (
    Attribute,
    AugAssign,
    Binary,
    Call,
    Elementwise,
    Expr,
    ExprStmt,
    ListExpr,
    Name,
    Number,
    StringLit,
    Subscript,
)

# Zero as a literal, which equals minus zero.
_ZEROS = (repr(Number(0)), repr(Number(0.0)))

LONGEST_TARGET = 40  # columns of what a statement assigns to

# Helpers that make an array which nothing else refers to.
_MAKERS = ("zeros", "full", "copy", "embed", "scatter_add", "stack", "concat", "contract")


def put_helper(context: Context) -> str:
    """The helper that stores a row."""
    return context.helper("put")


def element_of(array: Expr, indices: Sequence[Expr]) -> Expr:
    """The element of an array, which is a name, at an index on each axis."""
    place = indices[0]
    for axis, index in enumerate(indices[1:], 1):
        length = Subscript(Attribute(array, "shape"), (Number(axis),))
        place = Binary("*", place, length)
        if index != Number(0):
            place = Binary("+", place, index)
    return Subscript(Attribute(array, "data"), (place,))


def sizes(context: Context, shape: Shape) -> ListExpr:
    """A shape as a list."""
    return ListExpr(tuple(context.size(dim) for dim in shape))


def _axes(axes: Sequence[int]) -> ListExpr:
    return ListExpr(tuple(Number(axis) for axis in axes))


def _call(context: Context, helper: str, *args: Expr) -> Call:
    return Call(context.helper(helper), args)


# Making and changing arrays


def _new(context: Context, type: Type, zeros: bool) -> Expr:
    if type.dtype is DType.BOOL:
        return _call(context, "full", sizes(context, type.shape), Name("false"))
    return _call(context, "zeros", sizes(context, type.shape))


def _spread(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """What is repeated by itself beside an array of the whole shape: axes of length 1."""
    axes, rank = equation.param("axes"), len(equation.param("shape"))
    if not axes or len(axes) == rank:
        return args[0]
    return _call(context, "spread", args[0], _axes(axes), Number(rank))


def _filled(context: Context, value: Expr, shape: Shape) -> Expr:
    return _call(context, "broadcast_to", value, sizes(context, shape))


def _copied(context: Context, value: Expr) -> Expr:
    return _call(context, "copy", value)


def _makes_array(value: Expr) -> bool:
    """Whether an expression makes an array that nothing else refers to."""
    if isinstance(value, Call):
        return value.func in _MAKERS
    return isinstance(value, Elementwise)


def _add(context: Context, array: str, operator: str, part: Atom) -> ExprStmt:
    return _adding(context, "add_to", operator, Name(array), context.atom(part))


def _add_at(
    context: Context, array: Expr, operator: str, equation: Equation
) -> AugAssign | ExprStmt | None:
    """`array.data[i] += value` for an element, else `add_at(array, places, value)`."""
    value = context.atom(equation.args[0])
    indices = [context.atom(index) for index in equation.args[1:]]
    shape = Attribute(array, "shape")
    if equation.op == "embed":
        items = equation.param("items")
        if all(stop is None for _, stop in items):
            indices = [context.size(start) for start, _ in items]
        else:
            items = _items(context, equation, equation.param("shape"))
            places = _call(context, "range_places", shape, items)
            return _adding(context, "add_at", operator, array, places, value)
    elif any(map(context.doubtful, equation.args[1:])):
        return None
    axes = equation.param("axes") if equation.op == "scatter_add" else range(len(indices))
    rank = len(equation.out.type.shape)
    if len(axes) == rank and not any(index.type.shape for index in equation.args[1:]):
        target = flat(element_of(array, indices))
        if len(target) <= LONGEST_TARGET:
            return AugAssign(target, operator, value)
    places = _call(context, "index_places", shape, _axes(axes), ListExpr(tuple(indices)))
    return _adding(context, "add_at", operator, array, places, value)


def _adding(context: Context, helper: str, operator: str, *args: Expr) -> ExprStmt:
    sign = () if operator == "+" else (Number(-1),)
    return ExprStmt(_call(context, helper, *args, *sign))


# Forms


def _broadcast(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    shape, value = equation.param("shape"), equation.args[0]
    if value.type.shape:
        return _filled(context, _spread(context, equation, args), shape)
    if value.type.dtype is not DType.BOOL and repr(args[0]) in _ZEROS:
        return _call(context, "zeros", sizes(context, shape))
    return _call(context, "full", sizes(context, shape), args[0])


def _transpose(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return _call(context, "transpose", args[0], _axes(equation.param("perm")))


def _reshape(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return _call(context, "reshape", args[0], sizes(context, equation.param("shape")))


def _join(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    axis = joined_axis(dict(equation.params))
    behind = (Number(axis),) if axis else ()
    return _call(context, equation.op, ListExpr(tuple(args)), *behind)


def _reduce(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    axes, rank = equation.param("axes"), len(equation.args[0].type.shape)
    some: tuple[Expr, ...] = (_axes(axes),) if len(axes) < rank else ()
    whole = equation.args[0].type.dtype is DType.INT
    if whole and equation.op in ("max", "min"):
        limit = -(2**63) if equation.op == "max" else 2**63
        some = (some[0] if some else Name("undefined"), Number(limit))
    helper = "int_prod" if whole and equation.op == "prod" else equation.op
    return _call(context, helper, *args, *some)


def _contract(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return _call(context, "contract", StringLit(equation.param("spec")), *args)


def _items(context: Context, equation: Equation, shape: Shape) -> ListExpr:
    """An index on each axis: a position, a range, or `null` for all of it."""
    items: list[Expr] = []
    for (start, stop), extent in zip(equation.param("items"), shape, strict=True):
        if stop is None:
            items.append(context.size(start))
        elif start == Dim.of(0) and stop == extent:
            items.append(Name("null"))
        else:
            items.append(ListExpr((context.size(start), context.size(stop))))
    return ListExpr(tuple(items))


def _index(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    items = equation.param("items")
    if isinstance(args[0], Name) and all(stop is None for _, stop in items):
        return element_of(args[0], [context.size(start) for start, _ in items])
    operand = equation.args[0]
    return _call(context, "slice", args[0], _items(context, equation, operand.type.shape))


def _embed(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    shape = equation.param("shape")
    return _call(context, "embed", args[0], sizes(context, shape), _items(context, equation, shape))


def _gather(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    axes, indices = equation.param("axes"), equation.args[1:]
    rank = len(equation.args[0].type.shape)
    if not any(context.doubtful(index) or index.type.shape for index in indices):
        if len(axes) == rank and isinstance(args[0], Name):
            return element_of(args[0], args[1:])
        items: list[Expr] = [Name("null")] * rank
        for axis, index in zip(axes, args[1:], strict=True):
            items[axis] = index
        return _call(context, "slice", args[0], ListExpr(tuple(items)))
    return _call(context, "gather", args[0], _axes(axes), ListExpr(tuple(args[1:])))


def _scatter_add(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    shape, axes = sizes(context, equation.param("shape")), _axes(equation.param("axes"))
    return _call(context, "scatter_add", args[0], shape, axes, ListExpr(tuple(args[1:])))


def _iota(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return _call(context, "iota", context.size(equation.param("size")))


def _checked(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    helper = "checked_all" if equation.out.type.shape else "checked"
    return checked(context, equation, args, helper)


ARRAYS = ArrayRules(_new, _spread, _filled, _copied, _makes_array, _add, _add_at)
ARRAY_FORMS: Mapping[str, FormRule] = {
    "broadcast": _broadcast,
    "transpose": _transpose,
    "reshape": _reshape,
    "index": _index,
    "embed": _embed,
    "join": _join,
    "reduce": _reduce,
    "contract": _contract,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "iota": _iota,
    "checked": _checked,
}
ARRAY_HELPERS: Mapping[str, tuple[str, ...]] = {
    "broadcast": ("broadcast_to", "spread", "zeros", "full"),
    "transpose": ("transpose",),
    "reshape": ("reshape",),
    "index": ("slice",),
    "embed": ("embed", "add_at", "range_places"),
    "join": ("concat", "stack"),
    "reduce": (
        *("sum", "max", "min", "prod", "int_prod", "count", "any", "all", "argmax", "argmin"),
        *("logsumexp", "softmax", "softmax_product", "norm", "unit", "rejection"),
    ),
    "contract": ("contract",),
    "gather": ("gather", "slice"),
    "scatter_add": ("scatter_add", "add_at", "index_places"),
    "iota": ("iota",),
    "checked": ("checked", "checked_all"),
    "loop": ("zeros", "full", "copy", "put", "add_to"),
}
