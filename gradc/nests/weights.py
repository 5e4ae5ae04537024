"""Which axis the outer loop of several nests is best over: `weights_of`."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.nests.extremes import ORDERS
from gradc.nests.model import Get
from gradc.nests.nest import Item, Nest
from gradc.nests.substitute import item_reads
from gradc.nests.terms import estimate


class Weight(NamedTuple):
    """How well a size suits the outer loop: what comes first decides."""

    work: int  # of all nests that have an axis of it, roughly
    searched: bool  # whether none looks for several extremes along it only: they are best kept near
    varies: bool  # whether it is not fixed
    size: int
    leads: int  # of how many elements it is not the last index: rows of memory stay whole
    nests: int  # how many have it


def weights_of(items: Iterable[Item]) -> dict[Dim, Weight]:
    """The weights of all sizes of the axes of nests."""
    work: dict[Dim, int] = {}
    count: dict[Dim, int] = {}
    leads: dict[Dim, int] = {}
    searched: set[Dim] = set()
    kept: set[Dim] = set()
    for item in items:
        if not isinstance(item, Nest):
            continue
        axes = (*item.axes, *item.reduced)
        volume = prod(estimate(axis.extent) for axis in axes)
        for extent in {axis.extent for axis in axes}:
            work[extent] = work.get(extent, 0) + volume
            count[extent] = count.get(extent, 0) + 1
        for extent, more in _leading(item):
            leads[extent] = leads.get(extent, 0) + more
        if item.op in ORDERS and item.axes:
            searched.update(axis.extent for axis in item.reduced)
            kept.update(axis.extent for axis in item.axes)
    return {
        extent: Weight(
            total.bit_length(),
            extent not in searched or extent in kept,
            extent.constant is None,
            estimate(extent),
            leads.get(extent, 0),
            count[extent],
        )
        if extent.constant != 1
        else Weight(0, False, False, 1, 0, 0)
        for extent, total in work.items()
    }


def _leading(nest: Nest) -> Iterable[tuple[Dim, int]]:
    """The sizes of the indices of what a nest reads: 1 for each but the last, -1 for the last."""
    extents = {axis.variable: axis.extent for axis in (*nest.axes, *nest.reduced)}
    for element in item_reads(nest):
        last = len(element.at) - 1
        for place, index in enumerate(element.at):
            if last > 0 and isinstance(index, Get) and index.local in extents:
                yield extents[index.local], 1 if place < last else -1
