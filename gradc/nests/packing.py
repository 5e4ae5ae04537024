"""Rows of an array side by side in vector registers: `packed`, `summed_in_lanes`.

Where lanes are rows of an array that is read many times, a block of its rows is copied once, each
row into its lane, so that every later access is to elements side by side.  Where loops join values
to rows again and again, they do so in such a block, from which the rows are written once.

Deliberately absent: arrays that live within one block, which lie so already; and what products of
matrices read once, which the library packs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.costs import pays_packing
from gradc.nests.model import Apply, Buffer, Element, Expr, Get, Local
from gradc.nests.nest import Axis, Nest
from gradc.nests.products import factors
from gradc.nests.substitute import copied, item_reads, mapped, replaced_buffers
from gradc.nests.terms import estimate, reads
from gradc.nests.tree import Node, nests_of

LONGEST = 2**11  # elements of a row that is copied


def packed(nests: Sequence[Nest], variable: Local) -> tuple[list[Nest], list[Buffer]]:
    """The nests of a group over a variable, behind those that pack what they read; and the buffers
    that these write."""
    written = {
        target.buffer for nest in nests for target in nest.written if isinstance(target, Element)
    }
    chosen: dict[tuple[Buffer, int], Buffer] = {}
    for nest in nests:
        if _reads_rows(nest, variable):
            continue
        for element in item_reads(nest):
            place = _row(element, variable)
            if place is None or element.buffer in written:
                continue
            if _whole(element, nest, place) and pays_packing(element, nest):
                old = element.buffer
                again = Buffer(old.name, old.dtype, old.shape, "scratch")
                chosen.setdefault((old, place), again)
    if not chosen:
        return list(nests), []

    def reading(expr: Expr) -> Expr:
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(reading, expr.args)))
        if not isinstance(expr, Element):
            return expr
        at = tuple(map(reading, expr.at))
        place = _row(expr, variable)
        again = None if place is None else chosen.get((expr.buffer, place))
        return Element(again or expr.buffer, at)

    first = [_pack(old, place, new, variable) for (old, place), new in chosen.items()]
    rest = [nest if _reads_rows(nest, variable) else mapped(nest, reading) for nest in nests]
    return [*first, *rest], list(chosen.values())


def summed_in_lanes(
    nests: Sequence[Nest], nodes: Iterable[Node], variable: Local
) -> tuple[list[Nest], list[Buffer]]:
    """The nests of a group over a variable, of which `nodes` are the loops, with what these join to
    rows kept in lanes until it is complete; and the buffers that it is kept in.

    Only whole rows are kept, which one nest begins and joins, and which the others of the group
    read as rows.
    """
    joined = {
        nest.target.buffer
        for nest in nests_of(nodes)
        if nest.op is not None and nest.neutral is None and isinstance(nest.target, Element)
    }
    if not joined:
        return list(nests), []
    touched: dict[Buffer, list[tuple[Nest, Element]]] = {}
    writers: dict[Buffer, list[Nest]] = {}
    for nest in nests:
        for target in nest.written:
            if isinstance(target, Element):
                writers.setdefault(target.buffer, []).append(nest)
        for element in item_reads(nest):
            touched.setdefault(element.buffer, []).append((nest, element))
    kept: dict[Buffer, Buffer] = {}
    copies: list[Nest] = []
    for buffer, (writer, *others) in writers.items():
        place = None if others or buffer not in joined else _begun(writer, variable)
        if place is None or any(
            _reads_rows(nest, variable) or _row(element, variable) != place
            for nest, element in touched.get(buffer, [])
        ):
            continue
        kept[buffer] = copied(buffer)
        copies.append(_pack(kept[buffer], place, buffer, variable))
    if not kept:
        return list(nests), []
    return [*(replaced_buffers(nest, kept) for nest in nests), *copies], list(kept.values())


def _begun(nest: Nest, variable: Local) -> int | None:
    """The axis of the lanes in rows that a nest begins and then joins values to, often."""
    target = nest.target
    if nest.neutral is None or nest.places is not None or not isinstance(target, Element):
        return None
    place = None if _reads_rows(nest, variable) else _row(target, variable)
    if place is None or not _whole(target, nest, place):
        return None
    return place if len(set(target.at)) == len(target.at) and pays_packing(target, nest) else None


def _multiplies_once(nest: Nest, variable: Local) -> bool:
    """Whether a nest is one product of matrices for all lanes, or adds up what the lanes have."""
    found = factors(nest, variable)
    return found is not None and (found.lanes_summed or found.alone)


def _reads_rows(nest: Nest, variable: Local) -> bool:
    """Whether a nest is best off with rows as they lie: few of them, or for the library."""
    return nest.part is not None or _multiplies_once(nest, variable)


def _row(element: Element, variable: Local) -> int | None:
    """The axis on which an element is in the row of a lane; None for elements side by side."""
    found = [n for n, index in enumerate(element.at) if reads(index, variable)]
    if len(found) != 1 or element.at[found[0]] != Get(variable):
        return None
    return found[0] if found[0] < len(element.at) - 1 else None


def _whole(element: Element, nest: Nest, place: int) -> bool:
    """Whether a nest goes through the whole row, and that is not too long."""
    extents: dict[Expr, Dim] = {
        Get(axis.variable): axis.extent for axis in (*nest.axes, *nest.reduced)
    }
    shape = element.buffer.shape
    others = [n for n in range(len(shape)) if n != place]
    through = all(extents.get(element.at[n]) == shape[n] for n in others)
    return through and prod(estimate(shape[n]) for n in others) <= LONGEST


def _pack(old: Buffer, place: int, new: Buffer, variable: Local) -> Nest:
    axes = [
        Axis(Local("ijkl"[n % 4], DType.INT), dim) for n, dim in enumerate(old.shape) if n != place
    ]
    at: list[Expr] = [Get(axis.variable) for axis in axes]
    at.insert(place, Get(variable))
    return Nest(Element(new, tuple(at)), tuple(axes), (), (), Element(old, tuple(at)))
