"""Loops that several threads may share: `shared`.

An outermost loop over an axis whose size is not fixed, with enough work for several threads.  Its
range is cut into about `PIECES` pieces, whose number depends on sizes alone; what pieces add to one
place each adds to a copy of its own.

Invariant: a loop is shared only where each index of its axis writes elements of its own, or joins
values to others by a row of two operands, which nothing in the loop reads.  What only fills arrays
with numbers one thread does.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from gradc.ir.dims import product
from gradc.ir.graph import DType
from gradc.nests.extremes import ORDERS
from gradc.nests.levels import used
from gradc.nests.model import Apply, Buffer, Const, Expr, For, Get, Local, Shared, SizeOf
from gradc.nests.nest import Item, Nest
from gradc.nests.storage import Storage
from gradc.nests.tables import integer
from gradc.nests.terms import cost, estimate
from gradc.nests.tree import Block, Lanes, Loop, Node, Plain, Product
from gradc.nests.walk import buffers, every

PIECES = 16
WORTH = 2**22  # additions that a piece has at least, a few hundred microseconds
COPIED = 2**16  # elements of which each piece may have copies


def shared(node: Node, loop: For, kept: Storage) -> Shared | None:
    """The loop of a node, for several threads; None where one runs it all."""
    if not isinstance(node, (Block, Lanes, Plain)) or node.extent.constant is not None:
        return None
    joined: dict[Local | Buffer, str] = dict(loop.joined)
    private: dict[Buffer, None] = {}
    read: set[Local | Buffer] = set()
    work = 0
    computed = False
    for leaf, around in _items(node, 1):
        item = leaf
        if isinstance(leaf, Product):
            item = leaf.nest
            if leaf.work is not None:
                private[leaf.work] = None
        if not isinstance(item, Nest):
            return None
        if isinstance(node, Lanes) and item.op in ORDERS:
            return None  # runs in blocks of its own
        work += around * _work(item)
        computed = computed or not isinstance(item.value, Const)
        read.update(used(item)[0])
        for written in item.written:
            if isinstance(written, Local):
                target: Local | Buffer = written
            else:
                target = written.buffer
                home = kept.kept.get(target)
                if home is not None:
                    if isinstance(home.home, Buffer):
                        private[home.home] = None
                    continue
                if Get(node.variable) in written.at:
                    continue
            if item.op is None or item.neutral is not None or item.places is not None:
                return None
            if joined.get(target, item.op) != item.op:
                return None
            if isinstance(target, Buffer) or not loop.joined:
                joined[target] = item.op
    arrays = [place for place in joined if isinstance(place, Buffer)]
    sizes = [product(array.shape).constant for array in arrays]
    if any(size is None or size > COPIED for size in sizes):
        return None
    if not computed or not read.isdisjoint(arrays):
        return None
    homes = {home.home for home in kept.kept.values()}
    private |= dict.fromkeys(each for each in _stacked(loop) if each not in homes)
    return Shared(loop, _piece(node, loop, work), tuple(joined.items()), tuple(private))


def _stacked(loop: For) -> Iterator[Buffer]:
    """The buffers on the stack that a loop names, among them those in which it keeps extremes."""
    for stmt in every([loop]):
        yield from (buffer for buffer in buffers(stmt) if buffer.role == "stack")


def _items(node: Loop, around: int) -> Iterator[tuple[Item | Product, int]]:
    """What is within a loop, each with the iterations of the loops between."""
    for child in node.children:
        if not isinstance(child, Loop):
            yield child, around
        elif isinstance(child, Plain) or (isinstance(child, (Block, Lanes)) and _own(child, node)):
            yield from _items(child, around * estimate(child.extent))
        else:
            yield from _items(child, around)


def _own(child: Block | Lanes, node: Loop) -> bool:
    """Whether a loop within another is over an axis of its own."""
    return child.variable is not node.variable


def _work(nest: Nest) -> int:
    axes = (*nest.axes, *nest.reduced)
    return prod(estimate(axis.extent) for axis in axes) * (1 + cost(nest.value))


def _piece(node: Block | Lanes | Plain, loop: For, work: int) -> Expr:
    """How many iterations a piece has: the same part of all, and enough of them."""
    least = max(1, -(-WORTH // max(1, work)) // loop.step)
    part = node.extent.floored(PIECES * loop.step) + 1
    whole = SizeOf(part)
    fewer = Apply("lt", (whole, integer(least)), DType.BOOL)
    return Apply("select", (fewer, integer(least), whole), DType.INT)
