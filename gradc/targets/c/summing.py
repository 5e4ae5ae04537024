"""Which sums of single precision are added up in double precision: `summed`.

A sum of a million numbers of single precision, added one after the other, may keep three digits
of seven.  Sums that are added up in a local are doubles, therefore, and are rounded where they are
read.  In files of double precision nothing is different.

Deliberately absent: sums of a few lanes or steps, and those that each lane of a vector register
adds up for itself, where doubles would halve the lanes; sums in the elements of an array; and what
a program carries through a loop, which is of the precision that its author asked for.
"""

from __future__ import annotations

from gradc.ir.graph import DType
from gradc.nests.model import (
    Assign,
    CallFunction,
    Const,
    Expr,
    For,
    Function,
    Get,
    Local,
    Shared,
    Stmt,
)
from gradc.nests.walk import bodies

FEW = 256  # summands that are added up in single precision


def summed(function: Function) -> frozenset[Local]:
    """The locals that are doubles."""
    found: set[Local] = set()
    given = {place for place in function.parameters if isinstance(place, Local)}
    todo: list[tuple[Stmt, bool]] = [(stmt, False) for stmt in function.body]
    while todo:
        stmt, in_lanes = todo.pop()
        match stmt:
            case Assign(local, _, "add") if not in_lanes and local.dtype is DType.REAL:
                found.add(local)
            case CallFunction():
                # The function writes the result through a pointer to single precision.
                given.update(place for place in stmt.results if isinstance(place, Local))
            case Shared() | For(lanes=True):
                if isinstance(stmt, Shared) or not _few(stmt.stop):
                    found.update(
                        place
                        for place, op in stmt.joined
                        if isinstance(place, Local) and op == "add" and place.dtype is DType.REAL
                    )
        inside = in_lanes or (isinstance(stmt, For) and stmt.lanes)
        todo += [(inner, inside) for body in bodies(stmt) for inner in body]
    return frozenset(found - given)


def _few(stop: Expr) -> bool:
    """Whether a loop over lanes is short: it goes through a block, or to a small number."""
    return isinstance(stop, Get) or (isinstance(stop, Const) and stop.value <= FEW)
