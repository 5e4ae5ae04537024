"""Items in the order in which the most work can share one loop: `needed_first`.

Groups take items in order, and what a group needs must stand before it.  An item over another axis
that stands between two of one loop, but depends on none of them, would divide it: such as the zeros
to which a loop adds at places that it reads.  These come first where threads may have copies of the
array: a loop that adds to a larger one is for one thread, and does not take others with it.

Invariant: no item comes before one on which it depends.  Linear in the number of items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradc.ir.dims import product
from gradc.nests.levels import used
from gradc.nests.model import Buffer, Element, Local
from gradc.nests.nest import Item, Nest
from gradc.nests.threads import COPIED

Things = set[Buffer | Local]


def needed_first(items: Sequence[Item], main: Callable[[Item], bool]) -> list[Item]:
    """The items, where those that the main ones need and that need none of these come before the
    first of them."""
    first = next((n for n, item in enumerate(items) if main(item)), len(items))
    free = _free(items[first:], main)
    needed = _needed(items[first:], free, main)
    ahead = [item for item, now in zip(items[first:], needed, strict=True) if now]
    rest = [item for item, now in zip(items[first:], needed, strict=True) if not now]
    return [*items[:first], *ahead, *rest]


def _free(items: Sequence[Item], main: Callable[[Item], bool]) -> list[bool]:
    """Which items depend on no main one before them."""
    found: list[bool] = []
    written: Things = set()
    named: Things = set()
    for item in items:
        reads, writes = used(item)
        bound = main(item) or not (written.isdisjoint(reads) and named.isdisjoint(writes))
        found.append(not bound)
        if bound:
            written.update(writes)
            named.update(reads, writes)
    return found


def _needed(
    items: Sequence[Item], free: Sequence[bool], main: Callable[[Item], bool]
) -> list[bool]:
    """Which of the free items a main one reads from, or one of these."""
    found: list[bool] = []
    read: Things = set()
    named: Things = set()  # by those that are to come first
    written: Things = set()
    for item, may in zip(reversed(items), reversed(free), strict=True):
        reads, writes = used(item)
        now = may and not (
            read.isdisjoint(writes) and named.isdisjoint(writes) and written.isdisjoint(reads)
        )
        found.append(now)
        if now:
            named.update(reads, writes)
            written.update(writes)
        if now or main(item):
            read.update(reads)
        if _adds_to_copies(item) and main(item):
            read.update(writes)
    return found[::-1]


def _adds_to_copies(item: Item) -> bool:
    """Whether an item adds to an array of which each thread may have a copy."""
    if not isinstance(item, Nest) or item.op is None or item.neutral is not None:
        return False
    if not isinstance(item.target, Element):
        return False
    size = product(item.target.buffer.shape).constant
    return size is not None and size <= COPIED
