"""Arrays whose rows are a little shorter than whole vector registers, made longer: `padded`.

Loops of steps may go through rows of fourteen elements, say, thousands of times, and each time
through the end of a row with shorter registers, from one that begins anywhere.  Where much is
computed for each element, all arrays of such loops are given rows of whole registers, and the loops
run through all of a row: what they compute in the elements that were added is read by nobody.  The
caller's arrays are copied to such rows ahead, and results from them at the end.

Invariant: each element that there was is computed by the same operations as before; elements that
were added are joined to nothing and decide nothing, and are never handed out.  Deliberately absent:
rows whose length is not fixed, and what threads share.  Which arrays and loops: `rows_to_pad`;
why: docs/adr/0016-rows.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, product
from gradc.ir.graph import DType
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
    Shared,
    SizeOf,
    Stmt,
    Store,
)
from gradc.nests.nest import size_of
from gradc.nests.rows_to_pad import Rows, length, place_in
from gradc.nests.tables import integer, sum_of
from gradc.nests.terms import cost, estimate
from gradc.nests.walk import bodies, every, expressions

WIDTH = 8  # elements of a vector register
LONGEST = 64  # elements of a row of which the end is no more than a small part
PART = 4  # elements of a row that one may be added to
HEAVY = 60  # additions for each element that are worth it
GAIN = 8  # additions for each element that is copied


def padded(
    parameters: Iterable[Buffer | Local],
    results: Iterable[Buffer | Local],
    body: Sequence[Stmt],
) -> tuple[Stmt, ...]:
    """The statements of a function, with longer rows where those are worth their copies."""
    works = [each for each in _works(body, 1) if _is_worth_it(each)]
    if not works or any(isinstance(stmt, Shared) for stmt in every(body)):
        return tuple(body)
    work: dict[int, int] = {}
    for each in works:
        size = length(each.loop)
        work[size] = work.get(size, 0) + each.additions
    size = max(work, key=lambda size: work[size])
    rows = Rows(size, body)
    given = [each for each in parameters if isinstance(each, Buffer) and each in rows.chosen]
    wanted = [each for each in results if isinstance(each, Buffer) and each in rows.chosen]
    copied = sum(estimate(product(each.shape)) for each in (*given, *wanted))
    gained = sum(each.additions for each in works if each.loop.variable in rows.whole)
    if gained < max(1, GAIN * copied):
        return tuple(body)
    writer = _Writer(rows)
    begun = {each: each in given for each in (*given, *rows.partly)}
    ahead = [loop for each, copied in begun.items() for loop in writer.ahead(each, copied)]
    behind = [loop for each in wanted for loop in writer.behind(each)]
    return (*ahead, *writer.statements(body), *behind)


class _Work(NamedTuple):
    """A loop in vector registers, what it computes, and how often it runs."""

    loop: For
    additions: int
    times: int


def _works(body: Iterable[Stmt], times: int) -> Iterator[_Work]:
    """The loops in vector registers among statements that run so many times."""
    for stmt in body:
        if not isinstance(stmt, For):
            for part in bodies(stmt):
                yield from _works(part, times)
            continue
        if stmt.lanes:
            yield _Work(stmt, times * length(stmt) * _weight(stmt), times)
        yield from _works(stmt.body, times * _count(stmt))


def _count(loop: For) -> int:
    """About how often the body of a loop runs."""
    first, last = (_about(each) for each in (loop.start, loop.stop))
    return max(1, abs(last - first) // abs(loop.step))


def _about(bound: Expr) -> int:
    match bound:
        case Const():
            return int(bound.value)
        case SizeOf():
            return estimate(bound.dim)
        case _:
            return WIDTH


def _weight(loop: For) -> int:
    """The additions for one element."""
    found = [expr for stmt in every(loop.body) for expr in expressions(stmt)]
    return sum(cost(expr) for expr in found if not isinstance(expr, Buffer))


def _is_worth_it(work: _Work) -> bool:
    """Whether a loop that is run many times has rows that are a little short, and computes much."""
    size = length(work.loop)
    little = size % WIDTH != 0 and PART * (_longer(size) - size) <= size
    return little and size < LONGEST and work.times > 1 and _weight(work.loop) >= HEAVY


def _longer(size: int) -> int:
    return -(-size // WIDTH) * WIDTH


class _Writer:
    """Statements with the longer rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.size = rows.size
        self.long = _longer(rows.size)
        self.longer: Mapping[Buffer, Buffer] = {old: self._with_rows(old) for old in rows.chosen}

    def _with_rows(self, old: Buffer) -> Buffer:
        shape = (*old.shape[:-1], Dim.of(self._count(old) * self.long))
        if old.role in ("scratch", "stack"):
            return Buffer(old.name, old.dtype, shape, old.role, old.var)
        return Buffer(old.name, old.dtype, shape, "scratch")

    def _count(self, old: Buffer) -> int:
        """How many rows stand one behind the other along the last axis."""
        last = old.shape[-1].constant
        assert last is not None
        return last // self.size

    def statements(self, body: Iterable[Stmt]) -> Iterator[Stmt]:
        """Statements that read and write the longer rows."""
        for stmt in body:
            match stmt:
                case For():
                    stop = stmt.stop
                    if stmt.variable in self.rows.whole:
                        stop = integer(length(stmt) // self.size * self.long)
                    yield stmt._replace(stop=stop, body=tuple(self.statements(stmt.body)))
                case If():
                    then, otherwise = map(tuple, map(self.statements, (stmt.then, stmt.otherwise)))
                    condition = self.value(stmt.condition)
                    yield stmt._replace(condition=condition, then=then, otherwise=otherwise)
                case Let() | Declare() | Assign():
                    yield stmt._replace(value=self.value(stmt.value))
                case Store():
                    target = self.value(stmt.target)
                    assert isinstance(target, Element)
                    yield stmt._replace(target=target, value=self.value(stmt.value))
                case Fill():
                    buffer = self.longer.get(stmt.buffer, stmt.buffer)
                    yield stmt._replace(buffer=buffer, value=self.value(stmt.value))
                case Break():
                    yield Break(self.value(stmt.condition))
                case _:
                    yield stmt

    def value(self, expr: Expr) -> Expr:
        """An expression that reads the longer rows."""
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(self.value, expr.args)))
        if not isinstance(expr, Element):
            return expr
        at = tuple(map(self.value, expr.at))
        if expr.buffer not in self.longer:
            return Element(expr.buffer, at)
        place = place_in(expr, self.rows.loops, self.size)
        assert place is not None
        row, rest = divmod(place.past, self.size)
        moved = integer(row * self.long + rest)
        last = moved if place.counter is None else sum_of(Get(place.counter), moved)
        return Element(self.longer[expr.buffer], (*at[:-1], last))

    def ahead(self, old: Buffer, given: bool) -> Sequence[For]:
        """The loops that give the longer rows of an array their first values: those of the caller's
        array where it is given, and zeros in what was added, so that it is not any bits at all."""
        zero = Const({DType.REAL: 0.0, DType.INT: 0, DType.BOOL: False}[old.dtype], old.dtype)
        at, lane = self._outer(old), Local("lane", DType.INT)
        rows = [self._row(old, at, lane, row) for row in range(self._count(old))]
        copies = tuple(Store(long, short) for short, long in rows) if given else ()
        zeros = tuple(Store(long, zero) for _, long in rows)
        copying = For(lane, integer(0), integer(self.size), copies, lanes=True)
        ending = For(lane, integer(self.size), integer(self.long), zeros)
        return self._through(old, at, (copying, ending) if given else (ending,))

    def behind(self, old: Buffer) -> Sequence[For]:
        """The loops that copy the elements that there were to the caller's array."""
        at, lane = self._outer(old), Local("lane", DType.INT)
        rows = [self._row(old, at, lane, row) for row in range(self._count(old))]
        copies = tuple(Store(short, long) for short, long in rows)
        copying = For(lane, integer(0), integer(self.size), copies, lanes=True)
        return self._through(old, at, (copying,))

    def _outer(self, old: Buffer) -> list[Local]:
        """A counter for each axis but the last."""
        names = (f"i{n}" if n > 2 else "ijk"[n] for n in range(len(old.shape) - 1))
        return [Local(name, DType.INT) for name in names]

    def _row(
        self, old: Buffer, at: Sequence[Local], lane: Local, row: int
    ) -> tuple[Element, Element]:
        """An element of a row of an array, and that of its longer row."""
        outer = tuple(map(Get, at))
        short = sum_of(Get(lane), integer(row * self.size))
        long = sum_of(Get(lane), integer(row * self.long))
        return Element(old, (*outer, short)), Element(self.longer[old], (*outer, long))

    def _through(self, old: Buffer, at: Sequence[Local], body: tuple[For, ...]) -> Sequence[For]:
        """Loops for the rows of an array, through all of its axes but the last."""
        for counter, dim in reversed(list(zip(at, old.shape[:-1], strict=True))):
            body = (For(counter, integer(0), size_of(dim), body),)
        return body
