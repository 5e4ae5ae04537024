"""Sums to which most elements add nothing: `guarded`.

The derivative of a minimum is a selection: the value for the elements that attain it, 0 for all
others.  Where it is a factor of what is summed over further axes, a test of the condition around
the loops over these axes saves all the work that would add 0; and where a search tells at which
places the minimum may be attained, most tests as well (`searches`).

A product of that 0 with an infinity or a NaN, which the sum would have taken up, is left out with
it: an element that does not attain the minimum has no part in the derivative, as the language has
it for the branch not taken of a condition.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import prod
from typing import NamedTuple

from gradc.nests.model import Apply, Buffer, Const, Element, Expr, Get, Local
from gradc.nests.nest import Axis, Item, Nest
from gradc.nests.searches import Searches
from gradc.nests.terms import LARGEST, elements, estimate, reads, replaced, size

LARGE = 4  # elements that one test of a condition may save


class _Selection(NamedTuple):
    """What an element is where a condition holds; 0 where it does not.  In terms of an index."""

    at: tuple[Local, ...]
    condition: Expr
    then: Expr

    def there(self, at: Sequence[Expr]) -> tuple[Expr, Expr]:
        """The condition and the value at an index."""
        known: dict[Local, Expr] = dict(zip(self.at, at, strict=True))
        return replaced(self.condition, known), replaced(self.then, known)


def guarded(items: Sequence[Item], own: Container[Buffer]) -> list[Item]:
    """The items, with a guard for each sum that has one."""
    searches = Searches(items)
    selections = _selections(items, own, searches)
    if not selections and not searches.found:
        return list(items)
    return [
        _guarded(item, selections, searches) if isinstance(item, Nest) else item for item in items
    ]


def within_guard(nest: Nest, axis: Axis) -> bool:
    """Whether the guard of a nest is around the loop over one of its axes."""
    return nest.guard is not None and not reads(nest.guard, axis.variable)


def _selections(
    items: Sequence[Item], own: Container[Buffer], searches: Searches
) -> dict[Buffer, _Selection]:
    """The buffers whose elements are a selection of something or 0, or products with one where
    most are 0; none that a later nest changes, or whose operands one changes."""
    written: dict[Buffer, int] = {}
    for item in items:
        if isinstance(item, Nest):
            for target in item.written:
                if isinstance(target, Element):
                    written[target.buffer] = written.get(target.buffer, 0) + 1
    found: dict[Buffer, _Selection] = {}
    for item in items:
        if not isinstance(item, Nest) or not isinstance(item.target, Element):
            continue
        buffer, at = item.target.buffer, item.target.at
        if buffer not in own or written[buffer] > 1 or item.op is not None or item.before:
            continue
        selected = _selected(item, found, searches)
        if selected is None or size(selected[1]) > LARGEST:
            continue
        fixed = all(
            each.buffer not in written or (each.buffer in own and written[each.buffer] == 1)
            for each in elements(selected)
        )
        indices = tuple(index.local for index in at if isinstance(index, Get))
        if fixed and len(indices) == len(at):
            found[buffer] = _Selection(indices, *selected)
    return found


def _selected(
    nest: Nest, selections: Mapping[Buffer, _Selection], searches: Searches
) -> tuple[Expr, Expr] | None:
    """The condition and the value of what a nest gives an element, if it is 0 elsewhere."""
    value = nest.value
    if _is_selection(value):
        assert isinstance(value, Apply)
        return value.args[0], value.args[1]
    found = _factored(value, selections)
    if found is None or searches.attained(found[0], nest.axes) is None:
        return None
    return found


def _is_selection(value: Expr) -> bool:
    return isinstance(value, Apply) and value.op == "select" and value.args[2] == Const(0.0)


def _guarded(nest: Nest, selections: Mapping[Buffer, _Selection], searches: Searches) -> Nest:
    """A sum with the condition of a factor as its guard, and without the selection."""
    if nest.op != "add" or nest.before or not isinstance(nest.target, Element):
        return nest
    found = _factored(nest.value, selections)
    if found is None:
        return nest
    condition, value = found
    free = [axis for axis in nest.axes if not reads(condition, axis.variable)]
    searched = searches.attained(condition, (*nest.axes, *nest.reduced)) is not None
    if not searched and prod(estimate(axis.extent) for axis in free) < LARGE:
        return nest
    return nest._replace(value=value, guard=condition)


def _factored(value: Expr, selections: Mapping[Buffer, _Selection]) -> tuple[Expr, Expr] | None:
    """The condition under which a product is not 0, and the product where it holds: one of its
    factors is an element of a selection."""
    pending = [value]
    while pending:
        expr = pending.pop()
        if isinstance(expr, Element) and expr.buffer in selections:
            condition, then = selections[expr.buffer].there(expr.at)
            return condition, _instead(value, expr, then)
        if isinstance(expr, Apply) and expr.op in ("mul", "neg"):
            pending.extend(expr.args)
    return None


def _instead(expr: Expr, old: Expr, new: Expr) -> Expr:
    if expr is old:
        return new
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(_instead(arg, old, new) for arg in expr.args))
    return expr
