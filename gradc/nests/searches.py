"""Extremes that are looked for within a block of lanes: `kept_near`.

An extreme is compared with every value, and with it the place where it is attained.  While it is
looked for, it lies in a buffer of the block, which nothing outside of the block names: a compiler
that knows as much selects in vector registers, and stores in any case.

Deliberately absent: searches along the lanes themselves, and what is compared (`extremes`).
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import DType
from gradc.nests.extremes import ORDERS
from gradc.nests.model import Apply, Buffer, Element, Expr, Get, Local
from gradc.nests.nest import Axis, Nest
from gradc.nests.substitute import mapped
from gradc.nests.terms import replaced_target


def kept_near(nests: Sequence[Nest], variable: Local) -> tuple[list[Nest], list[Buffer]]:
    """The nests of a block over a variable, with what they look for in buffers of the block, and
    written from there where it belongs; and these buffers."""
    near: dict[Buffer, Buffer] = {}

    def renamed(expr: Expr) -> Expr:
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(renamed, expr.args)))
        if not isinstance(expr, Element):
            return expr
        return Element(near.get(expr.buffer, expr.buffer), tuple(map(renamed, expr.at)))

    found: list[Nest] = []
    for nest in nests:
        places = _sought(nest, variable)
        for place in places:
            old = place.buffer
            near[old] = Buffer(old.name, old.dtype, old.shape, "scratch", old.var)
        found.append(mapped(nest, renamed, target=bool(places)))
        found.extend(_copy(nest, place, near[place.buffer]) for place in places)
    return found, list(near.values())


def _sought(nest: Nest, variable: Local) -> list[Element]:
    """What a nest looks for, of each lane its own."""
    if nest.op not in ORDERS or nest.neutral is None or not nest.reduced:
        return []
    found = [place for place in nest.written if isinstance(place, Element)]
    return found if all(Get(variable) in place.at for place in found) else []


def _copy(nest: Nest, place: Element, near: Buffer) -> Nest:
    """What puts a result of a nest where it belongs."""
    axes = tuple(Axis(Local(axis.variable.name, DType.INT), axis.extent) for axis in nest.axes)
    known: dict[Local, Expr] = {
        old.variable: Get(new.variable) for old, new in zip(nest.axes, axes, strict=True)
    }
    target = replaced_target(place, known)
    assert isinstance(target, Element)
    return Nest(target, axes, (), (), Element(near, target.at), None, nest.origin)
