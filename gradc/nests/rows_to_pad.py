"""Which arrays may be given longer rows, and which loops then run through all of a row: `Rows`.

An array may where each access is at a known place of a row: at the counter of a loop through a row,
whole rows further, or at a fixed place.  A loop runs through all of a row where each of its runs
has to do with its own elements only, and all of them are of such arrays; others go through the
elements that there were.

Deliberately absent: whether it is worth its time, and the longer arrays themselves (`padding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradc.nests.model import (
    Apply,
    Assign,
    Break,
    Buffer,
    Const,
    Declare,
    Element,
    Expr,
    Fill,
    For,
    Get,
    If,
    Let,
    Local,
    SizeOf,
    Stmt,
    Store,
)
from gradc.nests.tables import integer
from gradc.nests.terms import reads, shift
from gradc.nests.walk import bodies, buffers, every, expressions, subexpressions

MOST = 16  # rows of one behind the other along an axis

_PLAIN = (Let, Declare, Assign, Store, Fill, For, If, Break)

Loops = Mapping[Local, Sequence[For]]


class RowPlace(NamedTuple):
    """Where an access is along the last axis: so far past a counter, or past the beginning."""

    counter: Local | None
    past: int


class Rows:
    """The arrays with rows of so many elements that may be given longer ones, and the counters of
    loops through all of a row."""

    def __init__(self, size: int, body: Sequence[Stmt]) -> None:
        self.size = size
        loops: dict[Local, list[For]] = {}
        for stmt in every(body):
            if isinstance(stmt, For):
                loops.setdefault(stmt.variable, []).append(stmt)
        self.loops: Loops = {
            counter: found
            for counter, found in loops.items()
            if all(length(loop) and length(loop) % size == 0 for loop in found)
        }
        self.whole = {
            counter for counter, found in self.loops.items() if all(map(_is_lanewise, found))
        }
        self._used = {counter: _used(found, counter) for counter, found in self.loops.items()}
        self.chosen = self._candidates(body)
        count = -1
        while count != len(self.chosen):
            count = len(self.chosen)
            self._narrow()
        stored = {each.target.buffer for each in self._beside(body) if isinstance(each, Store)}
        self.partly = [each for each in self.chosen if each in stored]  # by loops through less

    def _candidates(self, body: Iterable[Stmt]) -> dict[Buffer, None]:
        """The arrays of which each access is at a known place of a row, in order."""
        found: dict[Buffer, bool] = {}
        for stmt in every(body):
            if not isinstance(stmt, _PLAIN):
                found.update(dict.fromkeys(buffers(stmt), False))
                continue
            for expr in subexpressions(expressions(stmt)):
                if isinstance(expr, Element):
                    known = place_in(expr, self.loops, self.size) is not None
                    found[expr.buffer] = found.get(expr.buffer, True) and known
                elif isinstance(expr, Buffer):
                    found.setdefault(expr, True)
        return {each: None for each, known in found.items() if known and self._has_rows(each)}

    def _has_rows(self, buffer: Buffer) -> bool:
        last = buffer.shape[-1].constant if buffer.shape else None
        return last is not None and 0 < last <= MOST * self.size and last % self.size == 0

    def _narrow(self) -> None:
        """Leave out loops with arrays that are not chosen, then arrays that no loop left has, or
        that one which was left out goes through by several rows."""
        self.whole = {each for each in self.whole if self._used[each] <= self.chosen.keys()}
        inside: set[Buffer] = set()
        outside: set[Buffer] = set()
        for counter, loops in self.loops.items():
            if counter in self.whole:
                inside |= self._used[counter]
            elif any(length(loop) > self.size for loop in loops):
                outside |= self._used[counter]
        self.chosen = {each: None for each in self.chosen if each in inside - outside}

    def _beside(self, body: Iterable[Stmt]) -> Iterator[Stmt]:
        """The statements that are in no loop through all of a row."""
        for stmt in body:
            if not (isinstance(stmt, For) and stmt.variable in self.whole):
                yield stmt
                for part in bodies(stmt):
                    yield from self._beside(part)


def length(loop: For) -> int:
    """The fixed number of elements that a loop goes through from the first; 0 for none."""
    if loop.step != 1 or loop.start != integer(0) or not isinstance(loop.stop, Const):
        return 0
    return int(loop.stop.value)


def place_in(element: Element, loops: Loops, size: int) -> RowPlace | None:
    """Where an element is along the last axis, if it is at a known place of a row."""
    if not element.at:
        return None
    *leading, last = element.at
    if isinstance(last, Const):
        return RowPlace(None, int(last.value))
    read = [each.local for each in subexpressions((last,)) if isinstance(each, Get)]
    if len(read) != 1 or read[0] not in loops:
        return None
    past = shift(last, read[0])
    if past is None or past % size or any(reads(each, read[0]) for each in leading):
        return None
    return RowPlace(read[0], past)


def _used(loops: Iterable[For], counter: Local) -> set[Buffer]:
    """The arrays within loops whose place depends on their counter."""
    found: set[Buffer] = set()
    for stmt in every(loops):
        for expr in subexpressions(expressions(stmt)):
            if isinstance(expr, Element) and any(reads(each, counter) for each in expr.at):
                found.add(expr.buffer)
    return found


def _is_lanewise(loop: For) -> bool:
    """Whether each run of a loop's body has to do with its own elements of rows only, so that there
    may be more runs than there were: no value says where another is, or how often."""
    own = {loop.variable}
    own.update(stmt.local for stmt in every(loop.body) if isinstance(stmt, (Let, Declare)))
    for stmt in every(loop.body):
        match stmt:
            case Let() | Declare():
                pass
            case Assign():
                if stmt.local not in own:
                    return False
            case Store():
                if not stmt.target.at or not reads(stmt.target.at[-1], loop.variable):
                    return False
            case For():
                if not all(isinstance(each, (Const, SizeOf)) for each in (stmt.start, stmt.stop)):
                    return False
            case _:
                return False
        if not all(_stays(each, loop.variable, own) for each in expressions(stmt)):
            return False
    return not loop.joined


def _stays(expr: Expr | Buffer, counter: Local, own: set[Local]) -> bool:
    """Whether an expression reads a counter in the last index of elements only, and no other index
    depends on what a run computes."""
    match expr:
        case Get():
            return expr.local is not counter
        case Apply():
            return all(_stays(each, counter, own) for each in expr.args)
        case Element():
            inner = list(subexpressions(expr.at))
            if any(isinstance(each, Element) for each in inner):
                return False
            read = {each.local for each in inner if isinstance(each, Get)} & own
            return not read or (read == {counter} and shift(expr.at[-1], counter) is not None)
        case _:
            return not isinstance(expr, Buffer)
