"""Large arrays of the workspace in the memory of results: `lent`.

What is computed for all elements of an array before any of a result of the same shape is, and is
not read any more once they are (`e = exp(x - A)`, then `g = e/sum(e)`), needs no memory of its own.
Each array less that a sweep goes through is one less to be brought into the cache.

An array ends before a result begins, or in the loops in which it begins: each iteration reads the
elements at one index, last where it writes the result there, and no other is at that index.

Invariant: no result is named before what is in its memory was read for the last time.  Deliberately
absent: small arrays and those that loops around go through again and again, which are in the cache
as it is, and better where its lines begin; those of which threads have copies, and those that
functions read or write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from gradc.ir.dims import Shape, product
from gradc.ir.graph import DType
from gradc.nests.model import (
    Apply,
    Assign,
    Buffer,
    Declare,
    Element,
    Expr,
    For,
    Get,
    Let,
    Local,
    Shared,
    Stmt,
    Store,
)
from gradc.nests.walk import bodies, expressions, subexpressions

SMALL = 2**12  # elements: half of the nearest cache
MOST_TRIED = 4  # results of one shape for an array

Kind = tuple[DType, Shape]


class _Use(NamedTuple):
    """An access of a statement to an element, in the loops around; None stands for more than that.

    `outermost` is the number of the statement of the function that holds it; `body` and `number`
    say which one it is.  `writes`: it gives the element a value, and joins none to it.
    """

    element: Element | None
    outermost: int
    body: int
    number: int
    loops: tuple[For, ...]
    writes: bool


def lent(
    parameters: Sequence[Buffer | Local], results: Sequence[Buffer | Local], body: Sequence[Stmt]
) -> dict[Buffer, Buffer]:
    """For arrays of the workspace the results of a function in whose memory they are."""
    free = [
        result
        for result in results
        if isinstance(result, Buffer) and result not in parameters and _is_large(result)
    ]
    return _Lent(body, free).found if free else {}


def _is_large(buffer: Buffer) -> bool:
    size = product(buffer.shape).constant
    return size is None or size > SMALL


class _Lent:
    """Which arrays lie in the memory of which results."""

    def __init__(self, body: Sequence[Stmt], results: Sequence[Buffer]) -> None:
        self.found: dict[Buffer, Buffer] = {}
        self._lets: dict[Local, Expr] = {}
        self._copied: set[Buffer | Local] = set()
        self._uses: dict[Buffer, list[_Use]] = {}
        kinds = {_kind(result) for result in results}
        for name, use in self._uses_in(body):
            if _kind(name) in kinds:
                self._uses.setdefault(name, []).append(use)
        self._results = [result for result in results if result in self._uses]
        self._ends: dict[Kind, list[tuple[int, int]]] = {}  # of results, the last to begin first
        for place, result in enumerate(self._results):
            end = (-self._uses[result][0].outermost, place)
            heappush(self._ends.setdefault(_kind(result), []), end)
        arrays = [name for name in self._uses if self._may_be_lent(name)]
        for name in sorted(arrays, key=lambda name: self._uses[name][-1].outermost, reverse=True):
            self._settle(name)

    def _uses_in(self, body: Sequence[Stmt]) -> Iterator[tuple[Buffer, _Use]]:
        """The accesses of all statements, in the order of the outermost ones."""
        label = 0
        for outermost, stmt in enumerate(body):
            pending: list[tuple[tuple[Stmt, ...], tuple[For, ...]]] = [((stmt,), ())]
            while pending:
                inner, loops = pending.pop()
                label += 1
                for number, each in enumerate(inner):
                    for name, element, writes in self._accesses(each):
                        yield name, _Use(element, outermost, label, number, loops, writes)
                    around = (*loops, each) if isinstance(each, For) else loops
                    pending += [(part, around) for part in bodies(each)]

    def _accesses(self, stmt: Stmt) -> Iterator[tuple[Buffer, Element | None, bool]]:
        if isinstance(stmt, Let):
            self._lets[stmt.local] = stmt.value
        elif isinstance(stmt, Shared):
            self._copied.update((*(place for place, _ in stmt.joined), *stmt.private))
        single = isinstance(stmt, (Let, Declare, Assign, Store))
        for expr in subexpressions(expressions(stmt)):
            if isinstance(expr, Buffer):
                yield expr, None, False
            elif isinstance(expr, Element):
                writes = isinstance(stmt, Store) and stmt.op is None and expr is stmt.target
                yield expr.buffer, expr if single else None, writes

    def _may_be_lent(self, name: Buffer) -> bool:
        if name.role != "scratch" or name in self._copied:
            return False
        return all(self._tells_apart(use) for use in self._uses[name])

    def _settle(self, name: Buffer) -> None:
        """Find a result for an array, if there is one, among those that begin last."""
        ends = self._ends.get(_kind(name), [])
        tried = [heappop(ends) for _ in range(min(MOST_TRIED, len(ends)))]
        for number, (_, place) in enumerate(tried):
            result = self._results[place]
            if self._is_over(name, result):
                self.found[name] = result
                self._uses[result] = self._uses[name]  # what is to be over before the next one
                tried[number] = (-self._uses[name][0].outermost, place)
                break
        for end in tried:
            heappush(ends, end)

    def _is_over(self, name: Buffer, result: Buffer) -> bool:
        """Whether an array is not read any more when a result begins: in loops that do both, an
        iteration reads it at the same index, and before."""
        last, first = self._uses[name][-1].outermost, self._uses[result][0].outermost
        if last != first:
            return last < first
        writing = [use for use in self._uses[result] if use.outermost == first]
        store = writing[0]
        return (
            len(writing) == 1
            and store.writes
            and self._tells_apart(store)
            and all(_is_before(use, store) for use in self._uses[name] if use.outermost == last)
        )

    def _tells_apart(self, use: _Use) -> bool:
        """Whether no two iterations of the loops around are at the same element."""
        if use.element is None:
            return False
        steps = {loop.variable: loop.step for loop in use.loops}
        told: set[Local] = set()
        for index in use.element.at:
            value = self._lets.get(index.local, index) if isinstance(index, Get) else index
            if isinstance(value, Get):
                told.add(value.local)
            elif isinstance(value, Apply) and value.op == "add":
                told.update(_block_and_lane(value, steps))
        return told.issuperset(steps)


def _kind(buffer: Buffer) -> Kind:
    return buffer.dtype, buffer.shape


def _is_before(use: _Use, store: _Use) -> bool:
    """Whether an iteration has an access, to the element that it stores to, by then."""
    assert use.element is not None
    assert store.element is not None
    same = use.element.at == store.element.at
    return same and use.body == store.body and use.number <= store.number


def _block_and_lane(index: Apply, steps: Mapping[Local, int]) -> tuple[Local, ...]:
    """The variables of a loop over blocks and of one over lanes, of which an index is the sum."""
    first, lane = index.args
    if isinstance(first, Get) and isinstance(lane, Get) and steps.get(lane.local) == 1:
        return (first.local, lane.local) if steps.get(first.local, 1) > 1 else ()
    return ()
