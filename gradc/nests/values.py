"""What nests compute, as expressions and statements within loops: `Values`.

Arrays are read and written in the smaller homes that `storage` found, and a value that occurs twice
in an expression is given a name.

Deliberately absent: loops (`emission`).
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.ir.graph import DType
from gradc.nests.extremes import ORDERS, extreme, put
from gradc.nests.model import (
    Apply,
    Assign,
    Check,
    Declare,
    Element,
    Expr,
    Get,
    Let,
    Local,
    Stmt,
)
from gradc.nests.nest import Nest
from gradc.nests.storage import Storage
from gradc.nests.terms import cost, size


class Values:
    """What is read and written where a storage keeps it."""

    def __init__(self, kept: Storage) -> None:
        self.kept = kept

    def target(self, target: Element | Local) -> Element | Local:
        """What a nest writes, where that is kept."""
        if isinstance(target, Local):
            return target
        found = self.value(target)
        if isinstance(found, Get):
            return found.local
        assert isinstance(found, Element)
        return found

    def value(self, expr: Expr) -> Expr:
        """An expression that reads arrays where they are kept."""
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(self.value, expr.args)))
        if not isinstance(expr, Element):
            return expr
        at = tuple(map(self.value, expr.at))
        small = self.kept.kept.get(expr.buffer)
        if small is None:
            return Element(expr.buffer, at)
        if isinstance(small.home, Local):
            return Get(small.home)
        left = tuple(at[axis] for axis in small.axes)
        if small.block is not None:
            lane = Get(small.block.lane)
            left = (lane, *left) if small.block.rows else (*left, lane)
        return Element(small.home, left)

    def held(self, nest: Nest, body: list[Stmt]) -> Expr:
        """The value of a nest, which a statement of the body computes if anything does."""
        value = self.named(self.value(nest.value), body)
        if not isinstance(value, Apply):
            return value
        local = Local("t", value.dtype)
        body.append(Let(local, value))
        return Get(local)

    def named(self, value: Expr, body: list[Stmt]) -> Expr:
        """A value in which what occurs twice is a local, which is declared in the body."""
        while True:
            counts: dict[Expr, int] = {}
            for each in _certain(value):
                if isinstance(each, Apply) and each.dtype is not DType.INT:
                    counts[each] = counts.get(each, 0) + 1
            twice = [each for each, count in counts.items() if count > 1 and cost(each)]
            if not twice:
                return value
            largest = max(twice, key=size)
            assert isinstance(largest, Apply)
            local = Local("t", largest.dtype)
            body.append(Let(local, largest))
            value = _instead(value, largest, Get(local))

    def stored(self, nest: Nest, value: Expr) -> Stmt:
        """The statement that gives the target of a nest its value."""
        if isinstance(nest.target, Local):
            return Assign(nest.target, value, nest.op, nest.origin)
        buffer = nest.target.buffer
        small = self.kept.kept.get(buffer)
        if small is not None and isinstance(small.home, Local):
            first = self.kept.declared[buffer]
            assert isinstance(first, Nest)
            if nest.op is None and nest.value is first.value:
                if buffer in self.kept.constant:
                    return Let(small.home, value, nest.origin)
                return Declare(small.home, value, nest.origin)
            return Assign(small.home, value, nest.op, nest.origin)
        target = self.target(nest.target)
        if nest.op in ORDERS and isinstance(target, Element):
            value, nest = extreme(value, target, nest.op), nest._replace(op=None)
        return put(target, value, nest.op)._replace(origin=nest.origin)

    def checks(self, nest: Nest) -> list[Stmt]:
        """What a nest does before each element."""
        found: list[Stmt] = []
        for check in nest.before:
            assert isinstance(check, Check)
            place, taken = self.value(check.place), self.value(check.taken)
            found.append(check._replace(place=place, taken=taken))
        return found


def _certain(value: Expr) -> Iterable[Expr]:
    """The parts of an expression that are evaluated in any case."""
    pending = [value]
    while pending:
        expr = pending.pop()
        yield expr
        if isinstance(expr, Apply):
            pending.extend(expr.args[:1] if expr.op == "select" else expr.args)


def _instead(expr: Expr, old: Expr, new: Expr) -> Expr:
    if expr == old:
        return new
    if isinstance(expr, Apply):
        return expr._replace(args=tuple(_instead(arg, old, new) for arg in expr.args))
    return expr
