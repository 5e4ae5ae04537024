"""Extremes, one value after the other: the largest or the smallest, and where it is attained.

A NaN is more extreme than any number, and the first of several stays; of equal values, zeros of
different sign among them, the first one stays, too.  All is written as selections, which vector
registers make lane by lane.

Deliberately absent: loops over nests, and where an extreme is kept (`emission`).
"""

from __future__ import annotations

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.model import Apply, Assign, Buffer, Element, Expr, For, Get, Local, Stmt, Store
from gradc.nests.storage import MOST_LANES
from gradc.nests.tables import integer

Place = Element | Local

#: The rows of two operands that join extremes, with what a value is to one that it leaves be.
ORDERS = {"maximum": "le", "minimum": "ge"}
_ATTAINS = {"maximum": "ge", "minimum": "le"}


def extreme(value: Expr, so_far: Expr, op: str) -> Expr:
    """The more extreme of two values."""
    return Apply("select", (_better(value, so_far, op), value, so_far), _dtype(so_far))


def placed(
    value: Expr, index: Expr, best: Place, first: Place, last: Place | None, op: str
) -> list[Stmt]:
    """Statements that compare a value, which is at an index, with the best one so far."""
    so_far = _read(best)
    found: list[Stmt] = []
    if last is not None:
        attains = Apply(_ATTAINS[op], (value, so_far), DType.BOOL)
        found.append(put(last, Apply("select", (attains, index, _read(last)), DType.INT)))
    better = _better(value, so_far, op)
    found.append(put(first, Apply("select", (better, index, _read(first)), DType.INT)))
    found.append(put(best, extreme(value, so_far, op)))
    return found


def first_best(best: Buffer, value: Expr) -> For:
    """The loop that gives the extreme of each lane its first value."""
    lane = Local("lane", DType.INT)
    body = Store(Element(best, (Get(lane),)), value)
    return For(lane, integer(0), integer(MOST_LANES), (body,), lanes=True)


def best_of_lanes(dtype: DType) -> Buffer:
    """A buffer for the extreme of each lane."""
    return Buffer("best", dtype, (Dim.of(MOST_LANES),), "stack")


def joined_best(best: Buffer, part: Local, op: str) -> For:
    """The loop that finds the extreme of all lanes."""
    lane = Local("lane", DType.INT)
    body = Assign(part, Element(best, (Get(lane),)), op)
    return For(lane, integer(0), integer(MOST_LANES), (body,))


def put(target: Place, value: Expr, op: str | None = None) -> Assign | Store:
    """The statement that gives a local or an element a value, or joins it to the one it has."""
    if isinstance(target, Local):
        return Assign(target, value, op)
    return Store(target, value, op)


def _better(value: Expr, so_far: Expr, op: str) -> Expr:
    """Whether a value is to replace the extreme so far."""
    leaves = Apply(ORDERS[op], (value, so_far), DType.BOOL)
    replaces = Apply("not", (leaves,), DType.BOOL)
    if _dtype(so_far) is not DType.REAL:
        return replaces
    number = Apply("eq", (so_far, so_far), DType.BOOL)
    return Apply("and", (replaces, number), DType.BOOL)


def _read(place: Place) -> Expr:
    return Get(place) if isinstance(place, Local) else place


def _dtype(expr: Expr) -> DType:
    match expr:
        case Get():
            return expr.local.dtype
        case Element():
            return expr.buffer.dtype
        case _:
            return expr.dtype
