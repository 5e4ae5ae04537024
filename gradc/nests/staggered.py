"""Passes through an axis that read each other's neighbours, block by block: `staggered`.

`k2 = f(y + h/2*k1)` reads `k1[i - 1]` beside `y[i]`: it cannot share a loop with what makes k1, and
each pass goes through arrays that the one before has just pushed out of the cache.  Here the passes
go through one block of the axis after the other together.  A pass that reads ahead, or overwrites
what another still reads behind, lags behind it by as many indices.

Invariant: of two accesses to one element, one of which writes, the first comes first, as it did; an
axis is passed through in ascending order.  It applies to loops in vector registers over the same
axis, up to a few elements, whose accesses to what any of them writes are at fixed distances from
their index.  Deliberately absent: other accesses to it, such as through indices that are data, and
statements between passes that read what these write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.counting import affine
from gradc.nests.edges import between, bound_of
from gradc.nests.model import (
    Apply,
    Assign,
    Buffer,
    Copy,
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
    Stmt,
    Store,
)
from gradc.nests.nest import size_of
from gradc.nests.tables import integer, sum_of
from gradc.nests.walk import every, expressions, locals_read, mentions, subexpressions
from gradc.nests.windows import windowed

ROOM = 3072  # numbers of a block of all arrays: most of the first cache
LEAST, MOST = 128, 1024  # indices of a block
EVEN = 8  # indices by multiples of which passes lag, for vectors that begin at a line of the cache
PASSES = 24  # of one group
LAG = 64  # indices by which the last pass of a group may lag


class Access(NamedTuple):
    """An access to a buffer: at so far from the index on one axis; None for any other."""

    buffer: Buffer
    axis: int | None
    offset: int
    writes: bool


class Pass(NamedTuple):
    """A loop over an axis, and what it reads and writes."""

    loop: For
    extent: Dim
    accesses: tuple[Access, ...]
    sums: frozenset[Local]
    reads: frozenset[Local]  # of what is declared outside


def staggered(body: Iterable[Stmt]) -> tuple[Stmt, ...]:
    """The statements of a function, with the passes among them run block by block."""
    body = tuple(body)
    return _staggered(body, mentions(body))


def _staggered(body: Iterable[Stmt], named: Mapping[Buffer, int]) -> tuple[Stmt, ...]:
    """Statements of a function that names each buffer so often."""
    group = _Group(named)
    found: list[Stmt] = []
    for stmt in body:
        inner = _within(stmt, named)
        if group.takes(inner):
            continue
        found.extend(group.statements())
        group = _Group(named)
        if not group.takes(inner):
            found.append(inner)
    return (*found, *group.statements())


def _within(stmt: Stmt, named: Mapping[Buffer, int]) -> Stmt:
    match stmt:
        case For(lanes=False):
            return stmt._replace(body=_staggered(stmt.body, named))
        case Shared(loop) if not loop.lanes:
            return stmt._replace(loop=loop._replace(body=_staggered(loop.body, named)))
        case If():
            then, otherwise = (_staggered(part, named) for part in (stmt.then, stmt.otherwise))
            return stmt._replace(then=then, otherwise=otherwise)
        case _:
            return stmt


class _Group:
    """Passes that may go through their axis together, and what stands between them."""

    def __init__(self, named: Mapping[Buffer, int]) -> None:
        self.named = named
        self.original: list[Stmt] = []
        self.passes: list[Pass] = []
        self.lags: list[int] = []
        self.ahead: list[Stmt] = []

    def takes(self, stmt: Stmt) -> bool:
        """Take a statement in, if it may be."""
        if isinstance(stmt, (Let, Declare)):
            taken = bool(self.passes) and self._may_go_ahead(stmt)
            if taken:
                self.ahead.append(stmt)
        else:
            each = _pass(stmt)
            taken = each is not None and self._joins(each)
        if taken:
            self.original.append(stmt)
        return taken

    def _may_go_ahead(self, stmt: Let | Declare) -> bool:
        """Whether a value does not depend on the passes so far."""
        written = {each.buffer for one in self.passes for each in one.accesses if each.writes}
        sums = {local for one in self.passes for local in one.sums}
        read = list(subexpressions((stmt.value,)))
        return sums.isdisjoint(locals_read((stmt.value,))) and not any(
            isinstance(each, Element) and each.buffer in written for each in read
        )

    def _joins(self, each: Pass) -> bool:
        """Take a pass in, if it may lag behind the others."""
        if not self.passes:
            self.passes, self.lags = [each], [0]
            return True
        if len(self.passes) == PASSES or (each.extent - self.passes[0].extent).constant is None:
            return False
        passes = [*self.passes, each]
        sums = [local for one in passes for local in one.sums]
        if any(not one.reads.isdisjoint(sums) for one in passes):
            return False
        if not _in_order(passes):
            return False
        lag = _lag(self.passes, self.lags, each)
        if lag > LAG:
            return False
        self.passes.append(each)
        self.lags.append(lag)
        return True

    def statements(self) -> list[Stmt]:
        """The passes block by block, where that is of use."""
        block = self._block()
        if block is None:
            return self.original
        first = Local("begin", DType.INT)
        bounds: dict[tuple[int, Dim], tuple[Expr, Expr]] = {}
        body: list[Stmt] = []
        for each, lag in zip(self.passes, self.lags, strict=True):
            key = lag, each.extent
            if key not in bounds:
                bounds[key] = self._bounds(body, Get(first), block, *key)
            start, stop = bounds[key]
            body += between(each.loop._replace(start=start, stop=stop), each.extent)
        passes = list(zip(self.passes, self.lags, strict=True))
        here = mentions(each.loop for each in self.passes)
        own = [buffer for buffer, count in here.items() if count == self.named[buffer]]
        body = windowed(body, passes, first, block, own)
        last = max(passes, key=self._end)
        stop = size_of(last[0].extent + last[1])
        loop = For(first, integer(0), stop, tuple(body), step=block, carries=True)
        return [*self.ahead, loop]

    def _end(self, pair: tuple[Pass, int]) -> int:
        each, lag = pair
        return ((each.extent - self.passes[0].extent).constant or 0) + lag

    def _bounds(
        self, body: list[Stmt], first: Expr, block: int, lag: int, extent: Dim
    ) -> tuple[Expr, Expr]:
        """The indices of a block for passes that lag by so many."""
        start = Local("start", DType.INT)
        begin: Expr = first
        if lag:
            before = Apply("lt", (first, integer(lag)), DType.BOOL)
            behind = sum_of(first, integer(-lag))
            body.append(Let(start, Apply("select", (before, integer(0), behind), DType.INT)))
            begin = Get(start)
        stop = Local("stop", DType.INT)
        body.append(Let(stop, bound_of(sum_of(first, integer(block - lag)), size_of(extent))))
        return begin, Get(stop)

    def _block(self) -> int | None:
        """How many indices a block has; None where passes share nothing, or are short."""
        named = [{each.buffer for each in one.accesses} for one in self.passes]
        buffers = set().union(*named)
        if len(self.passes) < 2 or sum(map(len, named)) == len(buffers):
            return None
        block = max(LEAST, min(MOST, ROOM // len(buffers) // 64 * 64))
        extent = self.passes[0].extent.constant
        return None if extent is not None and extent <= 2 * block else block


def _in_order(passes: Sequence[Pass]) -> bool:
    """Whether all accesses to what a pass writes are on one axis, at fixed distances."""
    written = {each.buffer for one in passes for each in one.accesses if each.writes}
    axes: dict[Buffer, int] = {}
    for one in passes:
        for each in one.accesses:
            if each.buffer not in written:
                continue
            if each.axis is None or axes.setdefault(each.buffer, each.axis) != each.axis:
                return False
    return True


def _lag(passes: Sequence[Pass], lags: Sequence[int], last: Pass) -> int:
    """By how many indices a pass has to lag, so that it comes behind all that it depends on."""
    least = 0
    for one, lag in zip(passes, lags, strict=True):
        for before in one.accesses:
            for each in last.accesses:
                if each.buffer is before.buffer and (each.writes or before.writes):
                    least = max(least, lag + each.offset - before.offset)
    return -(-least // EVEN) * EVEN


def _pass(stmt: Stmt) -> Pass | None:
    """A statement as a pass, if it is one."""
    if isinstance(stmt, Fill) and len(stmt.buffer.shape) == 1:
        stmt = _each(stmt.buffer, stmt.value, stmt)
    elif isinstance(stmt, Copy) and len(stmt.target.shape) == 1 == len(stmt.source.shape):
        stmt = _each(stmt.target, stmt.source, stmt)
    if not isinstance(stmt, For) or not stmt.lanes or stmt.step != 1 or stmt.start != integer(0):
        return None
    local, extent = affine(stmt.stop)
    if local is not None or extent is None:
        return None
    own: set[Local] = {stmt.variable}
    sums = frozenset(local for local, _ in stmt.joined)
    accesses: list[Access] = []
    reads: set[Local] = set()
    for each in every(stmt.body):
        match each:
            case Let() | Declare():
                own.add(each.local)
            case For():
                own.add(each.variable)
            case Assign():
                if each.local not in own and each.local not in sums:
                    return None
            case Store():
                accesses += _accesses((each.target,), stmt.variable, extent, True)
            case _:
                return None
        found = (*each.target.at, each.value) if isinstance(each, Store) else expressions(each)
        if isinstance(each, Store) and each.op is not None:
            found = (*found, each.target)
        accesses += _accesses(found, stmt.variable, extent, False)
        reads.update(locals_read(found))
    return Pass(stmt, extent, tuple(dict.fromkeys(accesses)), sums, frozenset(reads - own))


def _each(target: Buffer, source: Buffer | Expr, stmt: Fill | Copy) -> For:
    """A statement about all elements of a vector as a loop over them."""
    index = Local("i", DType.INT)
    at = (Get(index),)
    value = Element(source, at) if isinstance(source, Buffer) else source
    store = Store(Element(target, at), value, origin=stmt.origin)
    return For(index, integer(0), size_of(target.shape[0]), (store,), lanes=True)


def _accesses(
    found: Iterable[Expr | Buffer], variable: Local, extent: Dim, writes: bool
) -> list[Access]:
    """The accesses in expressions, where the place of the index is known in some of them."""
    accesses: list[Access] = []
    pending: list[tuple[Expr | Buffer, Dim | None]] = [(each, None) for each in found]
    while pending:
        expr, here = pending.pop()
        if isinstance(expr, Element):
            accesses.append(_access(expr, variable, here, writes))
            if not writes:
                pending += [(index, here) for index in expr.at]
        elif isinstance(expr, Apply) and expr.op == "select":
            test, then, otherwise = expr.args
            first, last = _where(test, variable, extent)
            pending += [(test, here), (then, first or here), (otherwise, last or here)]
        elif isinstance(expr, Apply):
            pending += [(arg, here) for arg in expr.args]
    return accesses


def _where(test: Expr, variable: Local, extent: Dim) -> tuple[Dim | None, Dim | None]:
    """The only index for which a test holds, and the only one for which it does not."""
    if not isinstance(test, Apply) or test.op not in ("ge", "lt"):
        return None, None
    (local, offset), (other, bound) = map(affine, test.args)
    if local is not variable or other is not None or offset is None or bound is None:
        return None, None
    cut = bound - offset
    below = Dim.of(0) if cut.constant == 1 else None
    above = extent - 1 if (extent - cut).constant == 1 else None
    return (above, below) if test.op == "ge" else (below, above)


def _access(element: Element, variable: Local, here: Dim | None, writes: bool) -> Access:
    """An element, by the axis on which it is at a fixed distance from the index."""
    for axis, index in enumerate(element.at):
        local, place = affine(index)
        if local is None and place is not None and here is not None:
            place, local = place - here, variable
        if local is variable and place is not None and place.constant is not None:
            return Access(element.buffer, axis, place.constant, writes)
    return Access(element.buffer, None, 0, writes)
