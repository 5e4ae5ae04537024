"""Loops in vector registers without tests for the ends of an axis: `without_edges`.

`z[i] = x[i]*y[i - 1] if i > 0 else x[0]` tests the index of each element, and in vector registers a
test is a mask for every access.  Here the few elements for which such a test comes out otherwise
are computed by themselves, and the loop over all others has no test.

So it is for the rows of an array, whose index the loops within test.

Invariant: each index runs the same statements once, in ascending order.  Deliberately absent: tests
that hold for half of an axis, and those of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.counting import MIRRORED, affine, chosen, decided
from gradc.nests.model import (
    Apply,
    Const,
    Element,
    Expr,
    For,
    Get,
    If,
    Let,
    Local,
    Shared,
    SizeOf,
    Stmt,
)
from gradc.nests.nest import size_of
from gradc.nests.rename import changed, renamed
from gradc.nests.spans import at_most
from gradc.nests.tables import integer, sum_of
from gradc.nests.walk import every, expressions, subexpressions

NEAR = 2  # elements at an end that are computed by themselves
SHORT = 32  # indices of an axis that is not worth it
LARGEST = 400  # parts of the expressions of a loop that is written down again
BLOCK = 2048  # indices of a loop that threads share, between two looks at the ends


class Edges(NamedTuple):
    """The indices of an axis between which no test for its ends comes out otherwise."""

    low: int
    high: Dim
    extent: Dim


def without_edges(body: Iterable[Stmt]) -> tuple[Stmt, ...]:
    """The statements of a function, with what is at the ends of axes apart."""
    found: list[Stmt] = []
    for stmt in body:
        match stmt:
            case For(lanes=True):
                found.extend(between(stmt, _extent(stmt.stop)))
            case For():
                inner = stmt._replace(body=without_edges(stmt.body))
                found.extend(between(inner, _extent(stmt.stop)) if _of_rows(stmt) else [inner])
            case Shared():
                found.append(_shared(stmt))
            case If():
                then, otherwise = without_edges(stmt.then), without_edges(stmt.otherwise)
                found.append(stmt._replace(then=then, otherwise=otherwise))
            case _:
                found.append(stmt)
    return tuple(found)


def between(loop: For, extent: Dim | None) -> list[Stmt]:
    """A loop over some indices of an axis of this extent: its first and last elements by
    themselves where they are tested for."""
    edges = None if extent is None else _edges(loop, extent)
    if edges is None:
        return [loop]
    found: list[Stmt] = []
    first, stop, end = loop.start, loop.stop, size_of(edges.high)
    if edges.low:
        for number in range(edges.low):
            found += _single(loop, integer(number), [("ge", loop.start), ("lt", loop.stop)])
        first = integer(edges.low)
        if loop.start != integer(0):
            first = _named(found, "start", bound_of(loop.start, first, largest=True))
    if edges.high != edges.extent and loop.stop != size_of(edges.extent):
        end = _named(found, "end", bound_of(stop, end))
    if edges.high == edges.extent:
        end = stop
    inner = Within(loop.variable, edges.low, edges.high)
    body = tuple(changed(stmt, inner.settled) for stmt in loop.body)
    found.append(loop._replace(start=first, stop=end, body=body))
    beyond = (edges.extent - edges.high).constant or 0
    for back in range(beyond, 0, -1):
        place = size_of(edges.extent - back)
        behind = [("ge", first), ("lt", loop.stop), ("ge", integer(edges.low))]
        found += _single(loop, place, behind)
    return found


def _of_rows(loop: For) -> bool:
    """Whether a loop does nothing but go through rows, each in vector registers."""
    return not loop.joined and all(isinstance(stmt, For) and stmt.lanes for stmt in loop.body)


def _shared(stmt: Shared) -> Shared:
    """A loop that threads share: block by block where it is one in vector registers."""
    loop = stmt.loop
    if not loop.lanes:
        return stmt._replace(loop=loop._replace(body=without_edges(loop.body)))
    extent = _extent(loop.stop)
    if extent is None or _edges(loop, extent) is None:
        return stmt
    first, last = Local("begin", DType.INT), Local("last", DType.INT)
    end = sum_of(Get(first), integer(BLOCK))
    cut = Let(last, bound_of(loop.stop, end))
    inner = loop._replace(start=Get(first), stop=Get(last))
    blocks = For(first, loop.start, loop.stop, (cut, *between(inner, extent)), step=BLOCK)
    up = sum_of(stmt.piece, integer(BLOCK - 1))
    piece = Apply("floordiv", (up, integer(BLOCK)), DType.INT)
    return stmt._replace(loop=blocks._replace(origin=loop.origin), piece=piece)


def _extent(stop: Expr) -> Dim | None:
    local, extent = affine(stop)
    return extent if local is None else None


def _edges(loop: For, extent: Dim) -> Edges | None:
    """Where the tests of a loop come out otherwise; None where there are none near its ends."""
    if loop.step != 1 or (extent.constant is not None and extent.constant < SHORT):
        return None
    statements = list(every(loop.body))
    found = list(subexpressions(expr for stmt in statements for expr in expressions(stmt)))
    if len(found) > LARGEST:
        return None
    low, high = 0, extent
    for expr in found:
        cut = _cut(expr, loop.variable) if isinstance(expr, Apply) else None
        if cut is None:
            continue
        beyond = (extent - cut).constant
        if cut.constant is not None and 0 < cut.constant <= NEAR:
            low = max(low, cut.constant)
        elif beyond is not None and 0 < beyond <= NEAR and at_most(cut, high):
            high = cut
    return None if low == 0 and high == extent else Edges(low, high, extent)


def _cut(expr: Apply, variable: Local) -> Dim | None:
    """The first index from which on a comparison with a variable comes out otherwise."""
    if expr.op not in _BEHIND:
        return None
    op, (left, right) = expr.op, expr.args
    (local, offset), (other, bound) = affine(left), affine(right)
    if other is variable:
        op, local, offset, other, bound = MIRRORED[op], other, bound, local, offset
    if local is not variable or other is not None or offset is None or bound is None:
        return None
    return bound - offset + _BEHIND[op]


# What is added to a bound for the first index from which on a comparison comes out otherwise.
_BEHIND = {"ge": 0, "lt": 0, "gt": 1, "le": 1}


def _single(loop: For, place: Expr, tests: Sequence[tuple[str, Expr]]) -> list[Stmt]:
    """The statements of a loop for one index, where that passes two tests; others it passes."""
    known: dict[Local, Expr] = {loop.variable: place}
    nowhere = Within(None, 0, Dim.of(0))
    body = tuple(changed(renamed(stmt, known), nowhere.settled) for stmt in loop.body)
    condition: Expr = Const(True, DType.BOOL)
    for op, bound in tests[:2]:
        test = nowhere.settled(Apply(op, (place, bound), DType.BOOL))
        condition = _both(condition, test)
    if isinstance(condition, Const):
        return list(body) if condition.value else []
    for op, bound in tests:
        test = Apply(op, (place, bound), DType.BOOL)
        failed = test._replace(op=_OPPOSITE[test.op])
        for one, truth in ((test, True), (failed, False)):
            body = tuple(
                changed(stmt, partial(decided, condition=one, truth=truth)) for stmt in body
            )
    return [If(condition, body, origin=loop.origin)]


_OPPOSITE = {"ge": "lt", "lt": "ge"}


def _both(left: Expr, right: Expr) -> Expr:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Const):
            return other if one.value else one
    return Apply("and", (left, right), DType.BOOL)


def _named(found: list[Stmt], name: str, value: Expr) -> Expr:
    if isinstance(value, Const):
        return value
    local = Local(name, DType.INT)
    found.append(Let(local, value))
    return Get(local)


def bound_of(left: Expr, right: Expr, largest: bool = False) -> Expr:
    """The smaller of two integers, or the larger."""
    if isinstance(left, Const) and isinstance(right, Const):
        return right if (left.value < right.value) == largest else left
    is_less = Apply("lt", (left, right), DType.BOOL)
    pair = (right, left) if largest else (left, right)
    return Apply("select", (is_less, *pair), DType.INT)


class Within(NamedTuple):
    """What is known of a variable: that it is from `low` on and before `high`."""

    variable: Local | None
    low: int
    high: Dim

    def settled(self, expr: Expr) -> Expr:
        """An expression in which tests are decided, as far as they are known."""
        if isinstance(expr, Element):
            return Element(expr.buffer, tuple(map(self.settled, expr.at)))
        if not isinstance(expr, Apply):
            return expr
        if expr.op == "select":
            test = self.settled(expr.args[0])
            if isinstance(test, Const):
                return self.settled(expr.args[1 if test.value else 2])
            then, otherwise = map(self.settled, expr.args[1:])
            return chosen(test, then, otherwise, expr.dtype)
        args = tuple(map(self.settled, expr.args))
        if expr.op == "and":
            return _both(*args)
        again = expr._replace(args=args)
        if expr.op in _HOLDS:
            truth = self._truth(again)
            return again if truth is None else Const(truth, DType.BOOL)
        if expr.op == "add" and expr.dtype is DType.INT:
            local, place = affine(again)
            return again if local is not None or place is None else size_of(place)
        return again

    def _truth(self, test: Apply) -> bool | None:
        """How a comparison comes out, where that is known."""
        if all(isinstance(arg, (Const, SizeOf)) and arg.dtype is DType.INT for arg in test.args):
            (_, left), (_, right) = map(affine, test.args)
            over = None if left is None or right is None else (left - right).constant
            return None if over is None else _HOLDS[test.op](over)
        cut = None if self.variable is None else _cut(test, self.variable)
        if cut is None:
            return None
        behind = test.op in ("ge", "gt")
        if affine(test.args[1])[0] is self.variable:
            behind = not behind
        if at_most(cut, Dim.of(self.low)):
            return behind
        return not behind if at_most(self.high, cut) else None


_HOLDS = {
    "ge": lambda over: over >= 0,
    "gt": lambda over: over > 0,
    "lt": lambda over: over < 0,
    "le": lambda over: over <= 0,
    "eq": lambda over: over == 0,
    "ne": lambda over: over != 0,
}
