"""Loops that hold nests: what the grouping of nests makes, and `emission` writes as statements.

A `Block` runs over its axis in blocks of so many lanes; within it, `Lanes` runs its nests for each
lane in vector registers, `Row` runs other loops for one lane after the other, and `Product` is
a nest that the library does for all lanes.  `Plain` is a loop over all of an axis; `Lanes` without
a block as well, in vector registers.

Invariant: `variable` is the index on the axis, wherever it stands in the nests within, and the
nests within have it no longer among their axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.model import Buffer, Local
from gradc.nests.nest import Item, Nest


class Block:
    """A loop over blocks of an axis; `rows` says that a block lies in memory row by row, not
    with the lanes as last axis."""

    def __init__(self, variable: Local, extent: Dim, rows: bool) -> None:
        self.variable, self.extent, self.rows = variable, extent, rows
        self.start = Local(f"{variable.name}0", DType.INT)
        self.lane = Local("lane", DType.INT)
        self.count = Local("lanes", DType.INT)
        self.lanes = 0
        self.own: list[Buffer] = []  # what it fills for its own use
        self.children: list[Node] = []


class Lanes:
    """A loop over lanes in vector registers, where `vector`; over a whole axis without a block."""

    def __init__(self, variable: Local, extent: Dim, block: Block | None, vector: bool) -> None:
        self.variable, self.extent, self.block, self.vector = variable, extent, block, vector
        self.children: list[Node] = []


class Row:
    """A loop over the lanes of a block, one after the other."""

    def __init__(self, block: Block) -> None:
        self.block, self.variable = block, block.variable
        self.children: list[Node] = []


class Plain:
    """A loop over an axis."""

    def __init__(self, variable: Local, extent: Dim) -> None:
        self.variable, self.extent = variable, extent
        self.children: list[Node] = []


class Product:
    """A product of matrices, one of whose axes are the lanes of a block; see `products`."""

    def __init__(self, nest: Nest, block: Block) -> None:
        self.nest, self.block = nest, block
        self.work: Buffer | None = None  # what the library needs for it


Loop = Block | Lanes | Row | Plain
Node = Loop | Product | Item


def nests_of(nodes: Iterable[Node]) -> Iterator[Nest]:
    """The nests that loops hold, but for products that the library does."""
    for node in nodes:
        if isinstance(node, Loop):
            yield from nests_of(node.children)
        elif isinstance(node, Nest):
            yield node
