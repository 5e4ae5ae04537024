"""One equation as a nest: the universal statement, before nests are joined.

A nest gives each element of its target a value, over a domain of parallel axes, or joins to it
the values over further axes that are reduced.  `target` is an element, whose place may depend on
any axis, or a local.

Invariants: axes have variables of their own, which no other nest uses; iterations over parallel
axes write different elements, except that with `op` they may add to the same one; a nest without
`op` has no reduced axes.  Deliberately absent: how equations become nests (`lower`), and loops
(`loops_of`), but for the plain ones of a single nest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Origin
from gradc.nests.model import (
    Const,
    Element,
    Expr,
    For,
    Local,
    SizeOf,
    Stmt,
)


class Axis(NamedTuple):
    """A loop variable that runs from 0 over a size."""

    variable: Local
    extent: Dim


class Places(NamedTuple):
    """Where an extreme is attained: the first index of its one reduced axis, perhaps the last.

    A NaN is more extreme than any number, the first one of several; that none is equal to it is
    why `last` says nothing then.  Of no elements the first place is 0, and the last one -1.
    """

    at: Expr
    first: Element | Local
    last: Element | Local | None = None


class Part(NamedTuple):
    """The part of an axis that is gone through, where nothing else adds anything."""

    variable: Local
    first: Expr
    last: Expr


class Nest(NamedTuple):
    """`target = value` for all `axes`, or `target = op over reduced axes of value`.

    A reduction begins with `neutral`; without one, with what its target holds (`target += value`).
    """

    target: Element | Local
    axes: tuple[Axis, ...]
    reduced: tuple[Axis, ...]
    before: tuple[Stmt, ...]  # what each iteration runs first, such as checks
    value: Expr
    op: str | None = None
    origin: Origin | None = None
    neutral: Const | None = None
    late: bool = False  # best done where it is read, not before
    guard: Expr | None = None  # nothing is added where this does not hold; see `guards`
    places: Places | None = None  # written with an extreme
    part: Part | None = None  # of one of its axes; see `narrowing`

    @property
    def written(self) -> tuple[Element | Local, ...]:
        """All that the nest writes."""
        if self.places is None:
            return (self.target,)
        places = (self.places.first, self.places.last)
        return (self.target, *(place for place in places if place is not None))


Item = Nest | Stmt


def firsts(nest: Nest) -> list[tuple[Element | Local, Const]]:
    """What a reduction writes, each with what it is of no elements."""
    assert nest.neutral is not None
    found: list[tuple[Element | Local, Const]] = [(nest.target, nest.neutral)]
    if nest.places is not None:
        found.append((nest.places.first, Const(0, DType.INT)))
        if nest.places.last is not None:
            found.append((nest.places.last, Const(-1, DType.INT)))
    return found


def size_of(dim: Dim, dtype: DType = DType.INT) -> Expr:
    """A size as an expression: a literal where it is fixed."""
    if dim.constant is None:
        return SizeOf(dim, dtype)
    number = dim.constant
    return Const(float(number) if dtype is DType.REAL else number, dtype)


def around(axes: Iterable[Axis], body: Iterable[Stmt], origin: Origin | None = None) -> list[Stmt]:
    """Statements within a loop over each of some axes, the first one outermost."""
    found = list(body)
    for axis in reversed(tuple(axes)):
        stop = size_of(axis.extent)
        found = [For(axis.variable, Const(0, DType.INT), stop, tuple(found), origin=origin)]
        origin = None
    return found
