"""How a group of nests is best run in vector registers: along its own axis, or along others.

A model of a machine, no more: a vector holds `WIDTH` elements; elements side by side take one
access of a vector, others `WIDE` each; a sum over the lanes of a vector takes as long as `JOIN`
additions.  It decides between orders of loops only, never what is computed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from math import prod

from gradc.ir.dims import Dim
from gradc.nests.lanes import UNROLLED
from gradc.nests.model import Buffer, Element, Local
from gradc.nests.nest import Axis, Nest
from gradc.nests.substitute import item_reads
from gradc.nests.terms import Step, cost, estimate, step_of

WIDTH = 8
JOIN = 12
WIDE = 2


# Uses of an element that pay for packing it, and within loops of which one holds another: those
# run in vector registers where elements lie side by side, and not at all where they do not.
PACKED, PACKED_WITHIN = 4, 2


def pays_packing(element: Element, nest: Nest) -> bool:
    """Whether a nest reads an element of a row so often that rows are best packed."""
    uses = prod(
        estimate(axis.extent)
        for axis in (*nest.axes, *nest.reduced)
        if step_of(element, axis.variable) is Step.NONE
    )
    loops = [extent for axis in nest.reduced if (extent := estimate(axis.extent)) > 1]
    within = len(loops) > 1 and prod(loops) > UNROLLED
    return uses >= (PACKED_WITHIN if within else PACKED)


def prefers_lanes(
    nests: Iterable[Nest], in_lanes: Iterable[Nest], variable: Local, extent: Dim
) -> bool:
    """Whether nests of one group run best in vector registers along the axis of the group, where
    they may go through parts of axes only."""
    if estimate(extent) < WIDTH:
        return False
    nests = tuple(nests)
    written = [target for nest in nests for target in nest.written]
    made = {target.buffer for target in written if isinstance(target, Element)}
    lanes = rows = 0.0
    for nest in in_lanes:
        others = (*nest.axes, *nest.reduced)
        few = None if nest.part is None else nest.part.variable
        times = prod(estimate(axis.extent) for axis in others if axis.variable is not few)
        lanes += times * _cost(nest, Axis(variable, extent), others, made)
    for nest in nests:
        others = (*nest.axes, *nest.reduced)
        times = prod(estimate(axis.extent) for axis in others)
        rest = [axis for axis in others if estimate(axis.extent) > 1]
        if rest:
            rows += times * min(_cost(nest, axis, others, made) for axis in rest)
        else:
            rows += times * _cost(nest, Axis(variable, extent), others, made)
    return lanes <= rows


def _cost(nest: Nest, axis: Axis, others: Sequence[Axis], made: Container[Buffer]) -> float:
    """The cost of an element of a nest, run in vector registers along an axis; what is `made` in
    the same loop may lie in any order."""
    extent = estimate(axis.extent)
    vectors = -(-extent // WIDTH) / extent
    total = (1 + cost(nest.value)) * vectors
    touched = list(dict.fromkeys(item_reads(nest)))
    touched += [target for target in nest.written if isinstance(target, Element)]
    for element in touched:
        match step_of(element, axis.variable):
            case Step.NONE:
                total += 0.2 * vectors
            case Step.UNIT:
                total += vectors
            case Step.WIDE:
                inside = element.buffer.role == "scratch" and element.buffer in made
                inside = inside or pays_packing(element, nest)
                total += vectors if inside and axis not in others else WIDE
    reduced = any(each.variable is axis.variable for each in nest.reduced)
    if reduced and axis in others:
        total += JOIN / extent
    return total + 2 / extent
