"""Spelling of reading and writing parts of arrays: subscripts, as NumPy has them.

Invariant: an index that is written in a subscript is in range.  Where an index was checked for
some elements only, the axis may have none at all, so a helper reads there; see
`Context.doubtful`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Equation
from gradc.targets.python.flat import flat
from gradc.targets.python.single import as_single
from gradc.targets.statements.style import Context, FormRule, checked
from gradc.targets.statements.text import text_width
from gradc.targets.statements.tree import (
    AugAssign,
    Call,
    Expr,
    ExprStmt,
    Name,
    Slice,
    Subscript,
    Tuple,
)

LONGEST_TARGET = 40  # columns of what a statement assigns to


def sizes(context: Context, shape: Shape) -> Tuple:
    """A shape as a tuple."""
    return Tuple(tuple(context.size(dim) for dim in shape))


# Places that are known when the program is compiled


def _bound(context: Context, dim: Dim, default: Dim) -> Expr | None:
    return None if dim == default else context.size(dim)


def _index_items(context: Context, equation: Equation, shape: Shape) -> tuple[Expr | Slice, ...]:
    items: list[Expr | Slice] = []
    for (start, stop), extent in zip(equation.param("items"), shape, strict=True):
        if stop is None:
            items.append(context.size(start))
        else:
            zero = Dim.of(0)
            items.append(Slice(_bound(context, start, zero), _bound(context, stop, extent)))
    while len(items) > 1 and items[-1] == Slice():
        items.pop()
    return tuple(items)


def _index(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Subscript(args[0], _index_items(context, equation, equation.args[0].type.shape))


def _embed(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    shape = equation.param("shape")
    index = Subscript(Name("np.s_"), _index_items(context, equation, shape))
    return Call("embed", (context.atom(equation.args[0]), sizes(context, shape), index))


# Places that are computed


def _places(equation: Equation, args: Sequence[Expr]) -> tuple[Expr | Slice, ...]:
    """The items of a subscript: the indices on their axes, all of the axes before."""
    axes = equation.param("axes")
    items: list[Expr | Slice] = [Slice()] * (axes[-1] + 1)
    for axis, index in zip(axes, args[1:], strict=True):
        items[axis] = index
    return tuple(items)


def _as_argument(items: tuple[Expr | Slice, ...]) -> Expr:
    """The items of a subscript as an argument of a function."""
    plain = tuple(item for item in items if not isinstance(item, Slice))
    if len(plain) < len(items):
        return Subscript(Name("np.s_"), items)
    return plain[0] if len(plain) == 1 else Tuple(plain)


def _doubtful(context: Context, equation: Equation) -> bool:
    return any(context.doubtful(index) for index in equation.args[1:])


def _gather(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    places = _places(equation, args)
    if not _doubtful(context, equation):
        return Subscript(args[0], places)
    shape = sizes(context, equation.out.type.shape)
    return Call("read_at", (args[0], _as_argument(places), shape))


def _scatter_add(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    value, shape = context.atom(equation.args[0]), equation.param("shape")
    indices = [index.type.shape for index in equation.args[1:]]
    if not _doubtful(context, equation):
        if len(shape) == len(indices[0]) == 1:
            length = context.size(shape[0])
            total = Call("np.bincount", (args[1], value), (("minlength", length),))
            return as_single(context, total)
        if not any(indices):
            places = Subscript(Name("np.s_"), _places(equation, args))
            return Call("embed", (value, sizes(context, shape), places))
    return scattered(context, equation, args)


def scattered(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    """Zeros with something added at places, by a helper that takes any places."""
    value, shape = context.atom(equation.args[0]), equation.param("shape")
    index = _as_argument(_places(equation, args))
    return Call("scatter_add", (value, sizes(context, shape), index))


def _iota(context: Context, equation: Equation, args: Sequence[Expr]) -> Expr:
    return Call("np.arange", (context.size(equation.param("size")),))


def add_at(
    context: Context, array: Expr, operator: str, equation: Equation
) -> AugAssign | ExprStmt | None:
    """`array[index] += value` for an `embed` or a `scatter_add`; None where it is too long.

    Places that are arrays may repeat, so a function adds there.
    """
    value, *indices = equation.args
    args = [context.number(value), *map(context.atom, indices)]
    if equation.op == "embed":
        items = _index_items(context, equation, equation.param("shape"))
    elif _doubtful(context, equation):
        return None
    else:
        items = _places(equation, args)
    if not any(index.type.shape for index in indices):
        target = flat(Subscript(array, items))
        if text_width(target) <= LONGEST_TARGET:
            return AugAssign(target, operator, args[0])
    name = "np.add.at" if operator == "+" else "np.subtract.at"
    return ExprStmt(Call(name, (array, _as_argument(items), args[0])))


INDEXING_FORMS: Mapping[str, FormRule] = {
    "index": _index,
    "embed": _embed,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "iota": _iota,
    "checked": checked,
}
INDEXING_HELPERS: Mapping[str, tuple[str, ...]] = {
    "embed": ("embed",),
    "gather": ("read_at",),
    "scatter_add": ("embed", "scatter_add"),
    "checked": ("checked",),
}
