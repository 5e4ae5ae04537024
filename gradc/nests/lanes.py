"""Which nests may share a loop over lanes, so that compilers run it in vector registers: `Traits`.

Compilers run a loop that has another one within it in vector registers only where nothing beside
the inner one has a branch, such as that of a selection, and is no second loop.  Short loops they
unroll; but the elements that an unrolled loop reads from long rows they take for one group, and
they do not load such a group into vectors.

Deliberately absent: the loops themselves (`groups`).
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from gradc.nests.model import Element, Local
from gradc.nests.nest import Nest
from gradc.nests.substitute import item_reads
from gradc.nests.terms import cost, estimate, reads

UNROLLED = 16  # iterations that are unrolled within a loop over lanes, and elements of a short row
HEAVY = 8  # additions: what costs more is worth a loop of its own


class Traits(NamedTuple):
    """What keeps a loop over lanes from vector registers if it comes together."""

    loops: bool = False  # a loop that is not unrolled
    far: bool = False  # one that is, and reads from long rows
    heavy: bool = False  # much else to do

    def apart(self, other: Traits) -> bool:
        """Whether nests of these traits are better off in two loops."""
        far = (self.far and other.heavy) or (other.far and self.heavy)
        return self.loops or other.loops or far

    def joined(self, other: Traits) -> Traits:
        """The traits of nests together."""
        return Traits(*(one or two for one, two in zip(self, other, strict=True)))


def traits(nest: Nest, lane: Local) -> Traits:
    """The traits of a nest within a loop over lanes."""
    times = prod(estimate(axis.extent) for axis in nest.reduced)
    far = times > 1 and any(_in_long_rows(element, lane) for element in item_reads(nest))
    return Traits(times > UNROLLED, far, times == 1 and cost(nest.value) > HEAVY)


def _in_long_rows(element: Element, variable: Local) -> bool:
    """Whether a step of a variable leads to another row of more than a few elements."""
    shape = element.buffer.shape
    rows = (
        prod(map(estimate, shape[axis + 1 :]))
        for axis, index in enumerate(element.at)
        if reads(index, variable)
    )
    return max(rows, default=0) > UNROLLED
