"""Where in the workspace scratch buffers are: `planned`.

A buffer lives from the first statement that names it to the last, and through all of a loop that
names it unless the loop is all of its life and carries nothing from one iteration to the next.  Two
that do not live together may share memory, if their sizes are equal or both fixed.  Very small ones
are put on the stack, where a compiler keeps them in registers; large ones may lie in the memory of
results (`results`).

Deliberately absent: whether a buffer is needed at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.ir.dims import Dim, product
from gradc.nests.model import Buffer, CallFunction, For, Function, Local, Shared, Stmt
from gradc.nests.results import lent
from gradc.nests.walk import bodies, buffers, every

TINY = 64  # elements of an array
ROOM = 2**12  # elements of all of them
ALIGNMENT = 8  # elements: a line of the cache


def planned(
    name: str,
    parameters: tuple[Buffer | Local, ...],
    results: tuple[Buffer | Local, ...],
    body: tuple[Stmt, ...],
) -> Function:
    """A function with its workspace."""
    _put_on_stack(body)
    in_results = lent(parameters, results, body)
    lives = _Lives()
    lives.walk(body)
    offsets, workspace = _placed(span for span in lives.spans() if span[2] not in in_results)
    return Function(
        name, parameters, results, body, offsets, workspace, lent=tuple(in_results.items())
    )


class _Lives:
    """The first and the last position at which each scratch buffer is named."""

    def __init__(self) -> None:
        self.position = 0
        self.first: dict[Buffer, int] = {}
        self.last: dict[Buffer, int] = {}
        # Inner loops first; whether one carries what it writes.
        self.loops: list[tuple[int, int, set[Buffer], bool]] = []

    def walk(self, body: Iterable[Stmt]) -> set[Buffer]:
        """Note the buffers of statements; those that they name."""
        named: set[Buffer] = set()
        for stmt in body:
            self.position += 1
            start = self.position
            within: set[Buffer] = set()
            for buffer in buffers(stmt):
                if buffer.role == "scratch":
                    within.add(buffer)
                    self._note(buffer)
            inner: set[Buffer] = set()
            for part in bodies(stmt):
                inner |= self.walk(part)
            if isinstance(stmt, (For, Shared)) and inner:
                self.position += 1
                carries = isinstance(stmt, For) and stmt.carries
                self.loops.append((start, self.position, inner, carries))
            named |= within | inner
        return named

    def _note(self, buffer: Buffer) -> None:
        self.first.setdefault(buffer, self.position)
        self.last[buffer] = self.position

    def spans(self) -> list[tuple[int, int, Buffer]]:
        """The lives of all buffers, in order of their beginning."""
        for start, end, named, carries in self.loops:
            for buffer in named:
                if carries or self.first[buffer] < start or self.last[buffer] > end:
                    self.first[buffer] = min(self.first[buffer], start)
                    self.last[buffer] = max(self.last[buffer], end)
        spans = [(self.first[buffer], self.last[buffer], buffer) for buffer in self.first]
        return sorted(spans, key=lambda span: span[:2])


def _put_on_stack(body: Iterable[Stmt]) -> None:
    """Make tiny arrays of the workspace arrays of the stack, as many as there is room for; but not
    those that threads join, nor those that a part of the function has for a parameter."""
    named: dict[Buffer, int] = {}
    joined: set[Buffer | Local] = set()
    for stmt in every(body):
        for buffer in buffers(stmt):
            size = product(buffer.shape).constant
            if buffer.role == "scratch" and size is not None and size <= TINY:
                named[buffer] = size
        if isinstance(stmt, Shared):
            joined.update(place for place, _ in stmt.joined)
        if isinstance(stmt, CallFunction):
            joined.update((*stmt.function.parameters, *stmt.function.results))
    room = ROOM
    for buffer, size in named.items():
        if buffer not in joined and size <= room:
            buffer.role = "stack"
            room -= size


def _placed(
    spans: Iterable[tuple[int, int, Buffer]],
) -> tuple[tuple[tuple[Buffer, Dim], ...], Dim]:
    """An offset for each buffer, and the size of it all."""
    slots: list[tuple[Dim, Dim]] = []  # offset, size
    busy: list[tuple[int, int]] = []  # end of a life, slot
    free: dict[Dim | None, list[int]] = {}
    offsets: list[tuple[Buffer, Dim]] = []
    total = Dim.of(0)
    for first, last, buffer in spans:
        still = []
        for end, slot in busy:
            if end < first:
                free.setdefault(_kind(slots[slot][1]), []).append(slot)
            else:
                still.append((end, slot))
        busy = still
        size = _rounded(product(buffer.shape))
        slot = _fitting(free.get(_kind(size), []), slots, size)
        if slot < 0:
            slot = len(slots)
            slots.append((total, size))
            total = total + size
        offsets.append((buffer, slots[slot][0]))
        busy.append((last, slot))
    return tuple(offsets), total


def _kind(size: Dim) -> Dim | None:
    """What sizes that may share memory have in common: themselves, unless they are fixed."""
    return size if size.constant is None else None


def _fitting(free: list[int], slots: list[tuple[Dim, Dim]], size: Dim) -> int:
    """Takes the smallest free slot that is large enough; -1 where there is none."""
    wanted = size.constant
    fitting = [slot for slot in free if wanted is None or (slots[slot][1].constant or 0) >= wanted]
    if not fitting:
        return -1
    best = min(fitting, key=lambda slot: slots[slot][1].constant or 0)
    free.remove(best)
    return best


def _rounded(size: Dim) -> Dim:
    """A size as so many whole lines of the cache; of elements of eight bytes each."""
    up = size + (ALIGNMENT - 1)
    return up.floored(ALIGNMENT) * ALIGNMENT
