"""Lowering the functions with which derivatives of indexed equations are written.

They are what reverse mode makes of a product and of `x[idx]`, and stand in the language so that a
derivative is a program (`gradc compile --target g`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.frontend import syntax as ast
from gradc.frontend.calls import has_rank, number_at, sizes_from
from gradc.frontend.intervals import at_least
from gradc.frontend.sizes import MOST_AXES
from gradc.ir.dims import Dim
from gradc.ir.graph import BOOL, Atom, DType, Lit, Var

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering


def lower_prod_others(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    """`prod_others(x)`."""
    value = number_at(lower, node, 0, args[0])
    if value is None or not has_rank(lower, node, value, 0, (1,)):
        return None
    return lower.builder.emit("prod_others", (value,))


def lower_scatter_add(lower: Lowering, node: ast.Call, args: Sequence[Atom]) -> Atom | None:
    """`scatter_add(v, i, N)`, `scatter_add(v, i, j, N, M)`."""
    rows, *indices = args
    value = number_at(lower, node, 0, rows)
    shape = sizes_from(lower, node, len(args))
    if value is None or shape is None:
        return None
    if not has_rank(lower, node, value, 0, range(1, MOST_AXES + 1)):
        return None
    if not all(_are_places(lower, node, value, i, index) for i, index in enumerate(indices, 1)):
        return None
    places = [_inside(lower, node, i, size) for i, size in zip(indices, shape, strict=True)]
    params = (
        ("shape", (*shape, *value.type.shape[1:])),
        ("axes", tuple(range(len(places)))),
    )
    return lower.builder.emit("scatter_add", (value, *places), params)


def _are_places(lower: Lowering, node: ast.Call, value: Atom, i: int, places: Atom) -> bool:
    """Whether an argument has a whole number for each row; records an error where it has not."""
    if not has_rank(lower, node, places, i, (1,)):
        return False
    if places.type.dtype is not DType.INT:
        lower.problems.error(
            "G0309",
            node.arguments[i].span,
            "a place is a whole number, found real numbers",
            lower.describe(node.arguments[i], places),
            help="indices and inputs declared `in N` are whole numbers",
        )
        return False
    rows, count = value.type.shape[0], places.type.shape[0]
    if rows != count:
        lower.problems.error(
            "G0305",
            node.span,
            f"`scatter_add` needs a place for each row: there are {rows} rows, and {count} places",
            f"{lower.describe(node.arguments[0], value)}, "
            f"{lower.describe(node.arguments[i], places)}",
        )
        return False
    return True


def _inside(lower: Lowering, node: ast.Call, places: Atom, size: Dim) -> Atom:
    """Places that are checked when they are read, unless all that can occur are in range."""
    known = lower.scope.bounds.get(places) if type(places) is Var else None
    if (
        known is not None
        and known.low is not None
        and known.high is not None
        and at_least(known.low)
        and at_least(size - 1 - known.high)
    ):
        return places
    params = (("size", size), ("what", lower.short(node)))
    return lower.builder.emit("checked", (places, Lit(True, BOOL)), params)
