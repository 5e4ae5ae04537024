"""Cheap nests written into the nests that read them: `substituted`.

A nest goes away where its value is cheap, or where one nest reads it once for each of its elements:
the reader computes the value itself.  Where a reader has further axes, over which the value would
be computed again and again, a cheap nest is repeated for each reader instead: it then stands beside
it in one loop, and its values need little memory.

Invariant: no element is computed by other operations, or from what was overwritten since.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from math import prod

from gradc.nests.counting import affine, simplified
from gradc.nests.model import (
    Apply,
    Assign,
    Buffer,
    Check,
    Const,
    Declare,
    Element,
    Expr,
    Get,
    Let,
    Local,
)
from gradc.nests.model import Stmt as Statement
from gradc.nests.nest import Axis, Item, Nest, Places
from gradc.nests.tables import integer
from gradc.nests.terms import (
    LARGEST,
    cost,
    elements,
    estimate,
    replaced,
    size,
)
from gradc.nests.walk import locals_read

CHEAP = 2  # additions
NEAR = 2**15  # elements: 256 KiB


def substituted(
    items: Sequence[Item], own: Container[Buffer]
) -> tuple[list[Item], Container[Buffer]]:
    """The items without nests that others compute in passing, and the buffers that new ones write;
    `own` are the buffers that nothing else reads."""
    found = _Substitution(items, own)
    return found.run(), found.made


def item_reads(item: Nest) -> list[Element]:
    """The elements that a nest reads, those in the indices of its target among them."""
    return elements(read_by(item))


def read_by(item: Nest) -> list[Expr]:
    """The expressions that a nest evaluates."""
    found = [item.value]
    for target in item.written:
        found += target.at if isinstance(target, Element) else ()
    if item.part is not None:
        found += (item.part.first, item.part.last)
    if item.guard is not None:
        found.append(item.guard)
    for check in item.before:
        assert isinstance(check, Check)
        found += [check.place, check.taken]
    return found


class _Substitution:
    def __init__(self, items: Sequence[Item], own: Container[Buffer]) -> None:
        self.items = items
        self.made: set[Buffer] = set()
        self.producers: dict[Buffer, Nest] = {}
        self.inlined: set[Buffer] = set()
        self.once: set[Buffer] = set()  # of these, what is read once
        self.repeated: set[Buffer] = set()
        self._find(own)

    def _find(self, own: Container[Buffer]) -> None:
        """The nests that may go away: those that alone write a buffer, each element once."""
        writers: dict[Buffer, int] = {}
        readers: dict[Buffer, list[tuple[Nest, Element]]] = {}
        changed: dict[Buffer | Local, int] = {}  # the last item that writes something
        kept: set[Buffer] = set()  # what statements read that stay as they are
        for number, item in enumerate(self.items):
            if isinstance(item, Nest):
                for element in item_reads(item):
                    readers.setdefault(element.buffer, []).append((item, element))
                    if _counted_through(item, element):
                        kept.add(element.buffer)
                for target in item.written:
                    if isinstance(target, Element):
                        buffer = target.buffer
                        writers[buffer] = writers.get(buffer, 0) + 1
                        changed[buffer] = number
                    else:
                        changed[target] = number
            elif isinstance(item, (Let, Declare, Assign)):
                changed[item.local] = number
                kept.update(element.buffer for element in elements((item.value,)))
        for number, item in enumerate(self.items):
            if not isinstance(item, Nest) or not isinstance(item.target, Element):
                continue
            buffer = item.target.buffer
            if buffer not in own or buffer in kept or writers[buffer] > 1 or not _direct(item):
                continue
            read: list[Buffer | Local] = [each.buffer for each in elements((item.value,))]
            read.extend(locals_read((item.value,)))
            if any(changed.get(each, -1) > number for each in read):
                continue
            self._choose(item, buffer, readers.get(buffer, []))

    def _choose(self, item: Nest, buffer: Buffer, readers: Sequence[tuple[Nest, Element]]) -> None:
        self.producers[buffer] = item
        small = size(item.value) <= LARGEST // 2
        cheap = small and cost(item.value) <= CHEAP
        whole = all(_covers(reader, element) for reader, element in readers)
        once = small and len(readers) == 1 and "%" in buffer.name
        if whole and once:
            self.once.add(buffer)
        if (whole and (cheap or once)) or cost(item.value) == 0:
            self.inlined.add(buffer)
        elif cheap and _large(item) and len({id(reader) for reader, _ in readers}) > 1:
            self.repeated.add(buffer)

    def run(self) -> list[Item]:
        """The items that stay."""
        found: list[Item] = []
        for item in self.items:
            if not isinstance(item, Nest):
                found.append(item)
                continue
            nest = self._expanded(item)
            buffer = nest.target.buffer if isinstance(nest.target, Element) else None
            if buffer is not None and self._goes(buffer, nest):
                self.producers[buffer] = nest
            else:
                found.extend(self._with_copies(nest))
        return found

    def _goes(self, buffer: Buffer, nest: Nest) -> bool:
        """Whether a nest goes away, now that others are written into it."""
        cheap = cost(nest.value) <= CHEAP
        small = size(nest.value) <= LARGEST
        if buffer in self.inlined and small and (cheap or buffer in self.once):
            return True
        self.inlined.discard(buffer)
        if not cheap:
            self.repeated.discard(buffer)
        return buffer in self.repeated

    def _with_copies(self, nest: Nest) -> list[Item]:
        """A nest that stays, behind what is repeated for it."""
        copies: dict[Buffer, Buffer] = {}
        found = [nest]
        pending = [nest]
        while pending:
            for element in item_reads(pending.pop()):
                buffer = element.buffer
                if buffer in self.repeated and buffer not in copies:
                    copies[buffer] = copied(buffer)
                    self.made.add(copies[buffer])
                    producer = self.producers[buffer]
                    assert isinstance(producer.target, Element)
                    copy = fresh(producer)._replace(late=True)
                    found.insert(0, copy)
                    pending.append(copy)
        if not copies:
            return [nest]

        def reading(expr: Expr) -> Expr:
            if isinstance(expr, Element):
                at = tuple(map(reading, expr.at))
                return Element(copies.get(expr.buffer, expr.buffer), at)
            return _within(expr, reading)

        return [mapped(each, reading, target=each is not nest) for each in found]

    def _expanded(self, nest: Nest) -> Nest:
        if any(element.buffer in self.inlined for element in item_reads(nest)):
            nest = mapped(nest, self._value)
            return nest._replace(value=simplified(nest.value))
        return nest

    def _value(self, expr: Expr) -> Expr:
        if not isinstance(expr, Element):
            return _within(expr, self._value)
        at = tuple(map(self._value, expr.at))
        if expr.buffer not in self.inlined:
            return Element(expr.buffer, at)
        producer = self.producers[expr.buffer]
        assert isinstance(producer.target, Element)
        known: dict[Local, Expr] = {}
        for index, given in zip(producer.target.at, at, strict=True):
            assert isinstance(index, Get)
            known[index.local] = given
        return replaced(producer.value, known)


def _direct(nest: Nest) -> bool:
    """Whether a nest gives each element of a buffer a value, and does nothing else."""
    assert isinstance(nest.target, Element)
    if nest.op is not None or nest.before or nest.reduced:
        return False
    variables = [axis.variable for axis in nest.axes]
    at = [index.local for index in nest.target.at if isinstance(index, Get)]
    extents = tuple(axis.extent for axis in nest.axes)
    return at == variables and extents == nest.target.buffer.shape


def _counted_through(nest: Nest, element: Element) -> bool:
    """Whether a place may be counted through all rows of an array from the first on, as that of
    a reshaped array is: no index of a row, of which another nest could compute the element."""
    *first, last = element.at
    shape = element.buffer.shape
    if not first or any(index != integer(0) for index in first):
        return False
    size = shape[-1].constant
    if all(dim.constant == 1 for dim in shape[:-1]):
        return False
    if isinstance(last, Get):
        axes = (*nest.axes, *nest.reduced)
        return all(axis.variable is not last.local or axis.extent != shape[-1] for axis in axes)
    return not isinstance(last, Const) or size is None or last.value >= size


def _large(nest: Nest) -> bool:
    """Whether the values of a nest do not fit near the processor."""
    return prod(estimate(axis.extent) for axis in nest.axes) > NEAR


def _covers(reader: Nest, element: Element) -> bool:
    """Whether a nest reads an element once at most: at its own index, or so far from it."""
    at: set[Local | None] = set()
    for index in element.at:
        local, offset = affine(index)
        if offset is not None:
            at.add(local)
    return all(axis.variable in at for axis in (*reader.axes, *reader.reduced))


def _within(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(map(change, expr.args)))
    return expr


def mapped(nest: Nest, change: Callable[[Expr], Expr], target: bool = False) -> Nest:
    """A nest with its expressions changed; with `target`, what it writes, too."""
    before: list[Statement] = []
    for check in nest.before:
        assert isinstance(check, Check)
        before.append(check._replace(place=change(check.place), taken=change(check.taken)))

    def goal(place: Element | Local) -> Element | Local:
        if isinstance(place, Local):
            return place
        changed = change(place) if target else place._replace(at=tuple(map(change, place.at)))
        assert isinstance(changed, Element)
        return changed

    places, part = nest.places, nest.part
    if places is not None:
        last = None if places.last is None else goal(places.last)
        places = Places(change(places.at), goal(places.first), last)
    if part is not None:
        part = part._replace(first=change(part.first), last=change(part.last))
    return nest._replace(
        target=goal(nest.target),
        before=tuple(before),
        value=change(nest.value),
        guard=None if nest.guard is None else change(nest.guard),
        places=places,
        part=part,
    )


def replaced_buffers(nest: Nest, known: Mapping[Buffer, Buffer], target: bool = True) -> Nest:
    """A nest with other buffers in place of those known; with `target`, where it writes, too."""

    def change(expr: Expr) -> Expr:
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(change, expr.args)))
        if not isinstance(expr, Element):
            return expr
        return Element(known.get(expr.buffer, expr.buffer), tuple(map(change, expr.at)))

    return mapped(nest, change, target)


def copied(buffer: Buffer) -> Buffer:
    """Scratch for what is in a buffer."""
    return Buffer(buffer.name, buffer.dtype, buffer.shape, "scratch", buffer.var)


def fresh(nest: Nest) -> Nest:
    """A nest over variables of its own."""

    def again(axes: Sequence[Axis]) -> tuple[Axis, ...]:
        return tuple(
            Axis(Local(axis.variable.name, axis.variable.dtype), axis.extent) for axis in axes
        )

    axes, reduced = again(nest.axes), again(nest.reduced)
    pairs = zip((*nest.axes, *nest.reduced), (*axes, *reduced), strict=True)
    known: dict[Local, Expr] = {old.variable: Get(new.variable) for old, new in pairs}
    renamed = mapped(nest, lambda expr: replaced(expr, known), target=True)
    return renamed._replace(axes=axes, reduced=reduced)
