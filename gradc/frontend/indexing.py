"""Lowering the subscripts that are decided at compile time: positions and ranges.

An index is never wrapped: what may be out of range for some size becomes a requirement that
is checked when data are bound.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, NamedTuple

from gradc.frontend import syntax as ast
from gradc.ir.dims import Dim
from gradc.ir.graph import Atom

if TYPE_CHECKING:
    from gradc.frontend.expressions import Lowering

Item = tuple[Dim, "Dim | None"]


class Chosen(NamedTuple):
    """What the constants and slices of a subscript choose, and which of the axes that are left
    the other items are for."""

    items: tuple[Item, ...]
    moving: tuple[int, ...]


def lower_subscript(lower: Lowering, node: ast.Subscript, value: Atom) -> Atom | None:
    """`x[1:]`, `A[2]`, `A[:, j]`, decided at compile time."""
    chosen = static_items(lower, node, value, frozenset())
    if chosen is None:
        return None
    return lower.builder.emit("index", (value,), (("items", chosen.items),))


def static_items(
    lower: Lowering, node: ast.Subscript, value: Atom, moving: Container[int]
) -> Chosen | None:
    """The constants and slices among the items, checked; None after an error.

    `moving` holds the identities of the items that are known at run time only.
    """
    shape = value.type.shape
    if len(node.items) > len(shape):
        lower.problems.error(
            "G0303",
            node.span,
            f"{_counted(len(node.items))} for {_axes(len(shape))}",
            lower.describe(node.value, value),
        )
        return None
    items = [
        (Dim.of(0), extent) if id(item) in moving else _item(lower, node, item, extent)
        for item, extent in zip(node.items, shape, strict=False)
    ]
    items += [(Dim.of(0), extent) for extent in shape[len(items) :]]
    chosen = [item for item in items if item is not None]
    if len(chosen) < len(items):
        return None
    left = [
        id(node.items[i]) if i < len(node.items) else 0 for i, item in enumerate(chosen) if item[1]
    ]
    axes = tuple(axis for axis, item in enumerate(left) if item in moving)
    return Chosen(tuple(chosen), axes)


def _counted(count: int) -> str:
    return f"{count} index" if count == 1 else f"{count} indices"


def _axes(count: int) -> str:
    return "a scalar" if not count else "a vector" if count == 1 else f"{count} axes"


def _item(
    lower: Lowering, node: ast.Subscript, item: ast.Expr | ast.Slice, extent: Dim
) -> Item | None:
    if not isinstance(item, ast.Slice):
        at = lower.sizes.evaluate(item)
        if at is None or not _position_ok(lower, node, item, at, extent):
            return None
        return at, None
    start = Dim.of(0) if item.start is None else lower.sizes.evaluate(item.start)
    stop = extent if item.stop is None else lower.sizes.evaluate(item.stop)
    if start is None or stop is None:
        return None
    checks = (
        (start, "starts below 0"),
        (stop - start, "ends before it starts"),
        (extent - stop, f"ends beyond the size {extent}"),
    )
    what = f"the slice `{lower.short(node)}`"
    if not all(lower.at_least_zero(item.span, dim, f"{what} {fault}") for dim, fault in checks):
        return None
    return start, stop


def _position_ok(
    lower: Lowering, node: ast.Subscript, item: ast.Expr, at: Dim, extent: Dim
) -> bool:
    what = f"the index of `{lower.short(node)}`"
    constant = at.constant
    if constant is not None and constant < 0:
        lower.problems.error(
            "G0304",
            item.span,
            f"an index counts from 0 and is never negative, found {constant}",
            f"on an axis of size {extent}",
            help=f"from the end, write {lower.short(node.value)}[{extent - -constant}]",
        )
        return False
    return lower.at_least_zero(item.span, at, f"{what} is below 0") and lower.at_least_zero(
        item.span, extent - at - 1, f"{what} is beyond the size {extent}"
    )
