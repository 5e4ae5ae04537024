"""Searches for an extreme along one axis, and what is done only where it is attained.

A derivative of a minimum is a sum over all that was compared, with a condition: that an element
be equal to the minimum.  A search that notes the first and the last place at which that is so
spares the others: `narrowed` lets the nests of a block of lanes go through that part of the axis
only, and the condition tells what attains the minimum from what lies between.

Invariant: nothing else is left out than what adds a zero, to a sum that began with one, or what
the guard of a nest leaves out already.

While an extreme is looked for, it lies in a buffer of the block, which nothing outside of the
block names (`kept_near`): a compiler that knows as much selects in vector registers, and stores in
any case.

Deliberately absent: searches along the lanes themselves, or along several axes at once, and what
is compared (`extremes`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from gradc.ir.graph import DType
from gradc.nests.extremes import ORDERS
from gradc.nests.levels import used
from gradc.nests.model import Apply, Buffer, Const, Element, Expr, Get, Local
from gradc.nests.nest import Axis, Item, Nest, Part, Places
from gradc.nests.substitute import copied, item_reads, mapped, replaced_buffers
from gradc.nests.terms import elements, estimate, reads, replaced, replaced_target

LONG = 8  # elements of an axis of which few are worth finding


class Attained(NamedTuple):
    """A condition that holds where an extreme is attained: the search, the axis along which the
    condition goes through what was compared, and the index of the extreme."""

    search: Nest
    axis: Axis
    at: tuple[Expr, ...]


class Searches:
    """The searches among items along one axis, each for several extremes."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.copies: dict[Buffer, Nest] = {}
        self.found: dict[Buffer, Nest] = {}
        self.order: dict[Buffer, int] = {}
        self.lines: dict[Buffer, int] = {}
        items = list(items)
        if not any(isinstance(item, Nest) and item.op in ORDERS for item in items):
            return
        written: dict[Buffer | Local, int] = {}
        for item in items:
            for thing in used(item)[1]:
                written[thing] = written.get(thing, 0) + 1
        nests = [item for item in items if isinstance(item, Nest)]
        self.copies = {
            nest.target.buffer: nest
            for nest in nests
            if nest.late and isinstance(nest.target, Element)
        }
        for nest in nests:
            if not isinstance(nest.target, Element) or not _is_search(nest):
                continue
            named = [nest.target, *elements((self.resolved(nest.value),))]
            if all(written.get(each.buffer, 0) <= 1 for each in named):
                self.found[nest.target.buffer] = nest
        self.order = {buffer: place for place, buffer in enumerate(self.found)}
        self.lines = _lines(nests, written)

    def along(self, nest: Nest) -> set[Local]:
        """The variables with which a nest goes along an axis that is searched: the loops over
        them are best within others."""
        found: set[Local] = set()
        if nest.op in ORDERS and nest.axes:
            found.update(axis.variable for axis in nest.reduced)
        if not self.found and not self.lines:
            return found
        attained = _only(nest, self)
        if attained is not None:
            found.add(attained.axis.variable)
        for element in (*item_reads(nest), *nest.written):
            if isinstance(element, Element) and element.buffer in self.lines:
                index = element.at[self.lines[element.buffer]]
                if isinstance(index, Get):
                    found.add(index.local)
        return found

    def resolved(self, expr: Expr) -> Expr:
        """An expression with what is only computed again beside it written into it."""
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(self.resolved, expr.args)))
        if not isinstance(expr, Element):
            return expr
        at = tuple(map(self.resolved, expr.at))
        copy = self.copies.get(expr.buffer)
        if copy is None:
            return Element(expr.buffer, at)
        return self.resolved(replaced(copy.value, _known(copy, at)))

    def attained(self, condition: Expr, axes: Sequence[Axis]) -> Attained | None:
        """Which extreme is attained where a condition holds, if it is one of these."""
        if not self.found or not isinstance(condition, Apply) or condition.op != "eq":
            return None
        for one, other in (condition.args, condition.args[::-1]):
            if not isinstance(other, Element) or other.buffer not in self.found:
                continue
            search = self.found[other.buffer]
            value, compared = self.resolved(search.value), self.resolved(one)
            known, (along,) = _known(search, other.at), search.reduced
            for axis in axes:
                here = known | {along.variable: Get(axis.variable)}
                if axis.extent == along.extent and replaced(value, here) == compared:
                    moving = any(reads(index, axis.variable) for index in other.at)
                    return None if moving else Attained(search, axis, other.at)
        return None


def narrowed(nests: Sequence[Nest], variable: Local) -> tuple[list[Nest], list[Buffer]]:
    """The nests of a block over a variable, with those that add something only where an extreme
    is attained at the places of which it may be; and the buffers of these places."""
    searches = Searches(nests)
    if not searches.found:
        return list(nests), []
    near: list[Buffer] = []
    places: dict[Buffer, Places] = {}
    found: list[Nest] = []
    for nest in nests:
        attained = _only(nest, searches)
        if attained is None or Get(variable) not in attained.at:
            found.append(nest)
            continue
        search = attained.search
        assert isinstance(search.target, Element)
        if search.target.buffer not in places:
            places[search.target.buffer] = noted = _noted(search)
            near += [each.buffer for each in noted[1:] if isinstance(each, Element)]
        noted = places[search.target.buffer]
        first, last = (
            Element(each.buffer, attained.at) for each in noted[1:] if isinstance(each, Element)
        )
        part = Part(attained.axis.variable, first, last)
        found.append(mapped(nest, searches.resolved)._replace(part=part))
    if not places:
        return found, []
    found = [
        nest._replace(places=places[nest.target.buffer])
        if isinstance(nest.target, Element) and nest.target.buffer in places
        else nest
        for nest in found
    ]
    named = {buffer for nest in found for buffer in used(nest)[0]}
    return [nest for nest in found if not _idle(nest, named)], near


def kept_near(nests: Sequence[Nest], variable: Local) -> tuple[list[Nest], list[Buffer]]:
    """The nests of a block over a variable, with what they look for in buffers of the block, and
    written from there where it belongs; and these buffers."""
    sought = [_sought(nest, variable) for nest in nests]
    near = {place.buffer: copied(place.buffer) for places in sought for place in places}
    if not near:
        return list(nests), []
    found: list[Nest] = []
    for nest, places in zip(nests, sought, strict=True):
        found.append(replaced_buffers(nest, near, target=bool(places)))
        found.extend(_copy(nest, place, near[place.buffer]) for place in places)
    return found, list(near.values())


def _lines(nests: Iterable[Nest], written: Container[Buffer | Local]) -> dict[Buffer, int]:
    """The buffers that are written and searched along one axis only, each with that axis."""
    found: dict[Buffer, set[int]] = {}
    for nest in nests:
        if nest.op not in ORDERS or not nest.axes:
            continue
        along = {Get(axis.variable) for axis in nest.reduced}
        for element in elements((nest.value,)):
            lines = {n for n, index in enumerate(element.at) if index in along}
            if lines and element.buffer in written:
                found.setdefault(element.buffer, set()).update(lines)
    return {buffer: lines.pop() for buffer, lines in found.items() if len(lines) == 1}


def _is_search(nest: Nest) -> bool:
    """Whether a nest looks along one axis, which is long, for extremes that all begin there."""
    if nest.op not in ORDERS or nest.neutral is None or nest.before or nest.places is not None:
        return False
    if len(nest.reduced) != 1 or estimate(nest.reduced[0].extent) < LONG:
        return False
    at = nest.target.at if isinstance(nest.target, Element) else ()
    return bool(at) and all(isinstance(index, Get) for index in at)


def _known(nest: Nest, at: Sequence[Expr]) -> dict[Local, Expr]:
    """The indices of what a nest writes, for an element of it."""
    assert isinstance(nest.target, Element)
    known: dict[Local, Expr] = {}
    for index, given in zip(nest.target.at, at, strict=True):
        assert isinstance(index, Get)
        known[index.local] = given
    return known


def _only(nest: Nest, searches: Searches) -> Attained | None:
    """The extreme at whose places alone a nest adds something."""
    if nest.op != "add" or nest.before:
        return None
    if nest.guard is not None:
        return searches.attained(nest.guard, (*nest.axes, *nest.reduced))
    value = nest.value
    if not isinstance(value, Apply) or nest.neutral != Const(0.0):
        return None
    if value.op == "real" or (value.op == "select" and value.args[2] == Const(0.0)):
        return searches.attained(value.args[0], nest.reduced)
    return None


def _noted(search: Nest) -> Places:
    """Where a search is to note the first and the last place, in buffers of their own."""
    place, (along,) = search.target, search.reduced
    assert isinstance(place, Element)
    first, last = (
        Element(Buffer(name, DType.INT, place.buffer.shape, "scratch"), place.at)
        for name in ("first", "last")
    )
    return Places(Get(along.variable), first, last)


def _idle(nest: Nest, named: set[Buffer | Local]) -> bool:
    """Whether a nest computes for others what they no longer read."""
    return nest.late and isinstance(nest.target, Element) and nest.target.buffer not in named


def _sought(nest: Nest, variable: Local) -> list[Element]:
    """What a nest looks for, of each lane its own."""
    if nest.op not in ORDERS or nest.neutral is None or not nest.reduced:
        return []
    found = [place for place in nest.written if isinstance(place, Element)]
    return found if all(Get(variable) in place.at for place in found) else []


def _copy(nest: Nest, place: Element, near: Buffer) -> Nest:
    """What puts a result of a nest where it belongs."""
    axes = tuple(Axis(Local(axis.variable.name, DType.INT), axis.extent) for axis in nest.axes)
    known: dict[Local, Expr] = {
        old.variable: Get(new.variable) for old, new in zip(nest.axes, axes, strict=True)
    }
    target = replaced_target(place, known)
    assert isinstance(target, Element)
    return Nest(target, axes, (), (), Element(near, target.at), None, nest.origin)
