"""Loops of steps that stay at their own index of an axis: `steps_of`.

Deliberately absent: how they are run block by block (`interchange`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradc.ir.graph import DType
from gradc.nests.model import (
    Assign,
    Buffer,
    Const,
    Copy,
    Declare,
    Element,
    Expr,
    For,
    Get,
    If,
    Let,
    Local,
    Stmt,
    Store,
)
from gradc.nests.nest import size_of
from gradc.nests.tables import integer
from gradc.nests.terms import elements, replaced
from gradc.nests.walk import every, expressions, locals_read

SHORT = 64  # indices of an axis that is not worth it


class Steps(NamedTuple):
    """A loop of steps: what each does ahead, the sums it makes over the axis, how it goes through
    the axis, and where it puts the sums."""

    loop: For
    ahead: tuple[Let, ...]
    sums: tuple[Declare, ...]
    passes: tuple[For, ...]
    behind: tuple[Store, ...]

    @property
    def extent(self) -> Expr:
        return self.passes[0].stop


def steps_of(loop: For) -> Steps | None:
    """The parts of a loop of steps, if each stays at its own index of one axis."""
    if loop.lanes or loop.joined or abs(loop.step) != 1:
        return None
    ahead: list[Let] = []
    sums: list[Declare] = []
    passes: list[For] = []
    behind: list[Store] = []
    totals: dict[Local, Expr] = {}  # sums under another name
    for stmt in loop.body:
        match stmt:
            case Let():
                ahead.append(stmt)
            case Declare():
                sums.append(stmt)
            case For():
                passes.append(stmt)
            case Copy() if len(stmt.source.shape) == 1:
                passes.append(_copying(stmt))
            case Assign(op="add") if isinstance(stmt.value, Get):
                totals[stmt.local] = replaced(stmt.value, totals)
            case Store():
                behind.append(stmt._replace(value=replaced(stmt.value, totals)))
            case _:
                return None
    read = {local for stmt in every([*ahead, *passes]) for local in locals_read(expressions(stmt))}
    if not totals.keys() <= {each.local for each in sums} or totals.keys() & read:
        return None
    sums = [each for each in sums if each.local not in totals]
    steps = Steps(loop, tuple(ahead), tuple(sums), tuple(passes), tuple(behind))
    right = passes and _is_long(steps) and _meet(steps) and _stay_apart(steps)
    return steps if right else None


def _copying(copy: Copy) -> For:
    """A copy of a vector, element by element."""
    index = Local("i", DType.INT)
    at = (Get(index),)
    body = Store(Element(copy.target, at), Element(copy.source, at), origin=copy.origin)
    return For(index, integer(0), size_of(copy.source.shape[0]), (body,))


def _is_long(steps: Steps) -> bool:
    """Whether all passes go through the same axis, which may be long; or through the few lanes of
    a block, for sums only, several of which are then made together."""
    extent = steps.extent
    if isinstance(extent, Get):
        stores = any(isinstance(stmt, Store) for stmt in every(steps.passes))
        if stores or not steps.behind:
            return False
    elif isinstance(extent, Const) and extent.value < SHORT:
        return False
    return all(
        each.start == integer(0) and each.stop == extent and each.step == 1 for each in steps.passes
    )


def _meet(steps: Steps) -> bool:
    """Whether several steps read or write the same elements: not rows of their own only."""
    moving = {steps.loop.variable}
    for let in steps.ahead:
        if not moving.isdisjoint(locals_read((let.value,))):
            moving.add(let.local)
    return bool(steps.behind) or any(
        moving.isdisjoint(locals_read(element.at))
        for each in steps.passes
        for element in _elements(every(each.body))
    )


def _stay_apart(steps: Steps) -> bool:
    """Whether no index of the axis reads what another wrote, but for sums nobody reads."""
    sums = {each.local for each in steps.sums}
    if not all(isinstance(each.value, Const) and each.value.value == 0 for each in steps.sums):
        return False
    if not all(_own_locals(each, sums) for each in steps.passes):
        return False
    places: dict[Buffer, set[int]] = {}  # axes of what is written on which the own index stands
    for each in steps.passes:
        for stmt in every(each.body):
            if isinstance(stmt, Store):
                places.setdefault(stmt.target.buffer, set(range(len(stmt.target.buffer.shape))))
    for each in steps.passes:
        for element in _elements(every(each.body)):
            if element.buffer in places:
                own = {n for n, index in enumerate(element.at) if index == Get(each.variable)}
                places[element.buffer] &= own
    return all(places.values()) and _outside(steps, sums, set(places))


def _own_locals(each: For, sums: set[Local]) -> bool:
    """Whether a pass assigns its own locals only, and adds onto sums without reading them."""
    own: set[Local] = set()
    for stmt in every(each.body):
        if sums & set(locals_read(expressions(stmt))):
            return False
        match stmt:
            case Let() | Declare():
                own.add(stmt.local)
            case Assign():
                if stmt.local not in own and (stmt.local not in sums or stmt.op != "add"):
                    return False
            case Store() | For() | If():
                pass
            case _:
                return False
    return True


def _outside(steps: Steps, sums: set[Local], written: set[Buffer]) -> bool:
    """Whether what a step does beside its passes may be done for each block."""
    targets = {store.target.buffer for store in steps.behind}
    read: set[Buffer] = {element.buffer for element in _elements(steps.ahead)}
    for each in steps.passes:
        read |= {element.buffer for element in _elements(every(each.body))}
    for store in steps.behind:
        read |= {element.buffer for element in elements((store.value, *store.target.at))}
        if store.op not in (None, "add") or sums & set(locals_read(store.target.at)):
            return False
        if not (isinstance(store.value, Get) and store.value.local in sums):
            return False
    ahead = {local for let in steps.ahead for local in locals_read((let.value,))}
    beside = {element.buffer for element in _elements((*steps.ahead, *steps.behind))}
    return not (targets & read or sums & ahead or targets & written or beside & written)


def _elements(body: Iterable[Stmt]) -> list[Element]:
    return elements(expr for stmt in body for expr in expressions(stmt))
