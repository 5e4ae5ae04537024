"""Sums to which most elements add nothing: `guarded`.

The derivative of a minimum is a selection: the value for the elements that attain it, 0 for all
others.  Where it is a factor of what is summed over further axes, a test of the condition around
the loops over these axes saves all the work that would add 0.

A product of that 0 with an infinity or a NaN, which the sum would have taken up, is left out with
it: an element that does not attain the minimum has no part in the derivative, as the language has
it for the branch not taken of a condition.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import prod

from gradc.nests.model import Apply, Buffer, Const, Element, Expr, Get, Local
from gradc.nests.nest import Axis, Item, Nest
from gradc.nests.terms import elements, estimate, reads, replaced

LARGE = 4  # elements that one test of a condition may save


def guarded(items: Sequence[Item], own: Container[Buffer]) -> list[Item]:
    """The items, with a guard for each sum that has one."""
    selections = _selections(items, own)
    if not selections:
        return list(items)
    return [_guarded(item, selections) if isinstance(item, Nest) else item for item in items]


def within_guard(nest: Nest, axis: Axis) -> bool:
    """Whether the guard of a nest is around the loop over one of its axes."""
    return nest.guard is not None and not reads(nest.guard, axis.variable)


def _selections(items: Sequence[Item], own: Container[Buffer]) -> dict[Buffer, Nest]:
    """The nests that give each element of a buffer a selection of something or 0; none that a
    later nest changes, or whose operands one changes."""
    found: dict[Buffer, Nest] = {}
    written: dict[Buffer, int] = {}
    for item in items:
        if not isinstance(item, Nest):
            continue
        for target in item.written:
            if isinstance(target, Element):
                written[target.buffer] = written.get(target.buffer, 0) + 1
        if isinstance(item.target, Element) and item.op is None:
            buffer = item.target.buffer
            if buffer in own and not item.before and _selection(item.value):
                found[buffer] = item
    return {
        buffer: nest
        for buffer, nest in found.items()
        if written[buffer] == 1
        and all(isinstance(index, Get) for index in _at(nest))
        and all(
            (each.buffer in own and written.get(each.buffer, 0) <= 1) or each.buffer not in written
            for each in elements((nest.value,))
        )
    }


def _at(nest: Nest) -> tuple[Expr, ...]:
    return nest.target.at if isinstance(nest.target, Element) else ()


def _selection(value: Expr) -> bool:
    return isinstance(value, Apply) and value.op == "select" and value.args[2] == Const(0.0)


def _guarded(nest: Nest, selections: Mapping[Buffer, Nest]) -> Nest:
    """A sum with the condition of a factor as its guard, and without the selection."""
    if nest.op != "add" or nest.before or not isinstance(nest.target, Element):
        return nest
    factor = _factor(nest.value, selections)
    if factor is None:
        return nest
    producer = selections[factor.buffer]
    known: dict[Local, Expr] = {}
    for index, given in zip(_at(producer), factor.at, strict=True):
        assert isinstance(index, Get)
        known[index.local] = given
    assert isinstance(producer.value, Apply)
    condition, then, _ = (replaced(arg, known) for arg in producer.value.args)
    free = [axis for axis in nest.axes if not reads(condition, axis.variable)]
    if prod(estimate(axis.extent) for axis in free) < LARGE:
        return nest
    return nest._replace(value=_instead(nest.value, factor, then), guard=condition)


def _factor(value: Expr, selections: Mapping[Buffer, Nest]) -> Element | None:
    """A factor of a product that is an element of a selection."""
    pending = [value]
    while pending:
        expr = pending.pop()
        if isinstance(expr, Element) and expr.buffer in selections:
            return expr
        if isinstance(expr, Apply) and expr.op in ("mul", "neg"):
            pending.extend(expr.args)
    return None


def _instead(expr: Expr, old: Expr, new: Expr) -> Expr:
    if expr is old:
        return new
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(_instead(arg, old, new) for arg in expr.args))
    return expr
