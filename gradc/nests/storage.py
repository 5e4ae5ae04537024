"""Where the values of nests are kept, once their loops are known: `storage`.

An array that is written and read within one loop, at the index of that loop only, needs no room
along that axis: one value where the loop is around all of it, as many as a block has lanes where it
is the loop over blocks.  What needs one value only is kept in a local.

Deliberately absent: memory that outlives the loops, whose place `scratch` decides.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim, product
from gradc.nests.levels import used
from gradc.nests.model import Buffer, Element, Expr, Get, Local
from gradc.nests.nest import Item, Nest
from gradc.nests.terms import estimate
from gradc.nests.tree import Block, Lanes, Loop, Node, Product, Row

MOST_LANES = 64
LEAST_LANES = 8
ROOM = 2**20  # elements of the buffers of a block: 8 MiB
STACK = 2**11  # elements of a buffer that is put on the stack
NEAR = 2**10  # elements of the rows of a block: a part of the nearest cache


class Kept(NamedTuple):
    """A smaller home of an array: which of its axes remain, and whether lanes are another."""

    axes: tuple[int, ...]
    block: Block | None
    home: Buffer | Local


class _Access(NamedTuple):
    path: tuple[Loop, ...]
    element: Element
    writes: bool
    item: Item


class Storage:
    """The homes of arrays that are kept for one iteration, or for one block."""

    def __init__(self) -> None:
        self.kept: dict[Buffer, Kept] = {}
        self.declared: dict[Buffer, Item] = {}  # what gives a local its first value
        self.constant: set[Buffer] = set()  # locals that are written once
        self.unread: set[Buffer] = set()  # what is only written; its nests are left out


def storage(nodes: Sequence[Node], own: Container[Buffer]) -> Storage:
    """The homes of the arrays of a tree that are `own`; gives blocks their number of lanes."""
    accesses: dict[Buffer, list[_Access]] = {}
    blocks: list[Block] = []
    _collect(nodes, (), accesses, blocks)
    inside = {buffer for block in blocks for buffer in block.own}
    found = Storage()
    shapes: list[tuple[Buffer, tuple[int, ...], Block | None]] = []
    room = dict.fromkeys(blocks, 0)
    for buffer, uses in accesses.items():
        if buffer not in own and buffer not in inside:
            continue
        if all(use.writes and _given(use.item) for use in uses):
            found.unread.add(buffer)
            continue
        path, axes, block = _room(buffer, uses)
        if len(axes) == len(buffer.shape):
            continue
        if not axes and block is None and uses[0].writes and uses[0].path == path:
            nest = uses[0].item
            if isinstance(nest, Nest) and (nest.op is None or _summed(nest)):
                local = Local(buffer.name, buffer.dtype, buffer.var)
                found.kept[buffer] = Kept((), None, local)
                found.declared[buffer] = nest
                if sum(use.writes for use in uses) == 1 and nest.guard is None:
                    found.constant.add(buffer)
                continue
        shapes.append((buffer, axes, block))
        if block is not None:
            room[block] += estimate(product(buffer.shape[axis] for axis in axes))
    rows = _rows(accesses.values())
    for block, elements in room.items():
        lanes = MOST_LANES
        row = rows.get(block, 0)
        while lanes > LEAST_LANES and (lanes * elements > ROOM or lanes * row > NEAR):
            lanes //= 2
        size = block.extent.constant
        block.lanes = lanes if size is None or size > lanes else size
    for buffer, axes, block in shapes:
        found.kept[buffer] = Kept(axes, block, _smaller(buffer, axes, block))
    return found


def _given(item: Item) -> bool:
    """Whether an item gives elements values, and does nothing else."""
    return isinstance(item, Nest) and item.op is None and not item.before


def _summed(nest: Nest) -> bool:
    """Whether a nest adds up a value before it is written."""
    return nest.neutral is not None and len(nest.reduced) > 0


def _smaller(buffer: Buffer, axes: tuple[int, ...], block: Block | None) -> Buffer:
    shape = tuple(buffer.shape[axis] for axis in axes)
    if block is not None:
        lanes = Dim.of(block.lanes)
        shape = (lanes, *shape) if block.rows else (*shape, lanes)
    size = product(shape).constant
    near = size is not None and size <= STACK
    return Buffer(buffer.name, buffer.dtype, shape, "stack" if near else "scratch", buffer.var)


def _collect(
    nodes: Iterable[Node],
    path: tuple[Loop, ...],
    accesses: dict[Buffer, list[_Access]],
    blocks: list[Block],
) -> None:
    for node in nodes:
        if isinstance(node, Loop):
            if isinstance(node, Block):
                blocks.append(node)
            _collect(node.children, (*path, node), accesses, blocks)
            continue
        item = node.nest if isinstance(node, Product) else node
        reads, writes = used(item)
        for uses, writing in ((reads, False), (writes, True)):
            for thing, found in uses.items():
                if isinstance(thing, Buffer):
                    if not found:  # all of it
                        found = (Element(thing, ()),)
                    for element in found:
                        access = _Access(path, element, writing, item)
                        accesses.setdefault(thing, []).append(access)


def _rows(accesses: Iterable[Sequence[_Access]]) -> dict[Block, int]:
    """The elements of the rows that go with one lane of a block that runs row by row.

    What is read again within a block is to be near still; and while a block is computed, the rows
    of the next one arrive from memory.
    """
    found: dict[Block, int] = {}
    for uses in accesses:
        longest: dict[Block, int] = {}
        for use in uses:
            shape = use.element.buffer.shape
            for loop in use.path:
                if isinstance(loop, Row) and Get(loop.variable) in use.element.at[:-1]:
                    place = use.element.at.index(Get(loop.variable))
                    row = estimate(product(shape[place + 1 :]))
                    longest[loop.block] = max(row, longest.get(loop.block, 0))
        for block, row in longest.items():
            found[block] = found.get(block, 0) + row
    return found


def _room(
    buffer: Buffer, uses: Sequence[_Access]
) -> tuple[tuple[Loop, ...], tuple[int, ...], Block | None]:
    """The loops around all uses, the axes on which they are at other indices than those of these
    loops, and the block whose lanes are to be told apart."""
    path = uses[0].path
    for use in uses:
        length = 0
        for one, other in zip(path, use.path, strict=False):
            if one is not other:
                break
            length += 1
        path = path[:length]
    axes = list(range(len(buffer.shape)))
    apart: Block | None = None
    for loop in path:
        if isinstance(loop, (Lanes, Row)) and loop.block is not None:
            continue
        at = Get(loop.variable)
        dropped = [n for n in axes if all(_at(use.element, n, at) for use in uses)]
        if not dropped:
            continue
        if isinstance(loop, Block):
            inside = any(isinstance(each, (Lanes, Row)) and each.block is loop for each in path)
            apart = apart if inside else loop
        axes.remove(dropped[0])
    return path, tuple(axes), apart


def _at(element: Element, axis: int, index: Expr) -> bool:
    return axis < len(element.at) and element.at[axis] == index
