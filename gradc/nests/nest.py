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
    Assign,
    Const,
    Element,
    Expr,
    For,
    Local,
    SizeOf,
    Stmt,
    Store,
)


class Axis(NamedTuple):
    """A loop variable that runs from 0 over a size."""

    variable: Local
    extent: Dim


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


Item = Nest | Stmt


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


def _put(target: Element | Local, value: Expr, op: str | None, origin: Origin | None) -> Stmt:
    if isinstance(target, Local):
        return Assign(target, value, op, origin)
    return Store(target, value, op, origin)
