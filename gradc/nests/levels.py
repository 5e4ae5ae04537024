"""Which items may share a loop: `levels`.

Items are in order; each wants a loop over one of its axes, or none.  Those that want the same are
grouped, as far as what they read was written before the group, or in it at the same index.

Invariants: groups and the single items between them are in an order in which every item comes
after all on which it depends.  Linear in the number of items, but for groups that share one
buffer among many nests: these are looked at one by one up to `MOST_ASKED`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from gradc.nests.model import Assign, Buffer, Copy, Declare, Element, Fill, Get, Let, Local
from gradc.nests.nest import Item, Nest
from gradc.nests.substitute import read_by
from gradc.nests.terms import elements
from gradc.nests.walk import locals_read

MOST_ASKED = 64  # nests of a group that are asked whether they agree on an index
FARTHEST = 4  # groups that are tried behind the first one that is possible


class Wish(NamedTuple):
    """What kind of group an item may join, and the variable that is to be that of the group."""

    key: Hashable
    variable: Local
    founds: bool = True  # whether it may begin a group, or only join one


class Group(NamedTuple):
    """Items that share a loop, each with its own variable for it."""

    key: Hashable
    members: list[tuple[Item, Local]]


class Single(NamedTuple):
    """An item by itself."""

    item: Item


class _Use(NamedTuple):
    """An access to a buffer or a local by an item that has a position."""

    variable: Local | None
    accesses: tuple[Element, ...]


class _History:
    """Where something was last read, or written, and by what."""

    __slots__ = ("position", "uses")

    def __init__(self) -> None:
        self.position = -1
        self.uses: list[_Use] = []

    def add(self, position: int, use: _Use) -> None:
        if position > self.position:
            self.position, self.uses = position, [use]
        elif position == self.position:
            self.uses.append(use)


def levels(items: Sequence[Item], wishes: Callable[[Item], Sequence[Wish]]) -> list[Group | Single]:
    """The items in an order that keeps dependences, grouped by what they wish."""
    return _Levels(wishes).run(items)


class _Levels:
    def __init__(self, wishes: Callable[[Item], Sequence[Wish]]) -> None:
        self.wishes = wishes
        self.groups: list[Group] = []
        self.singles: list[list[Item]] = [[]]  # before each group, and behind the last
        self.written: dict[Buffer | Local, _History] = {}
        self.read: dict[Buffer | Local, _History] = {}

    def run(self, items: Sequence[Item]) -> list[Group | Single]:
        """The order of groups and single items."""
        for item in items:
            self._place(item)
        found: list[Group | Single] = []
        for number, singles in enumerate(self.singles):
            found.extend(map(Single, singles))
            if number < len(self.groups):
                found.append(self.groups[number])
        return found

    def _place(self, item: Item) -> None:
        """Positions are even for single items, odd for groups."""
        reads, writes = used(item)
        histories: list[tuple[_History, tuple[Element, ...]]] = []
        for thing, accesses in reads.items():
            if thing in self.written:
                histories.append((self.written[thing], accesses))
        for thing, accesses in writes.items():
            for before in (self.written, self.read):
                if thing in before:
                    histories.append((before[thing], accesses))
        position, variable = self._found(item, histories)
        for thing, accesses in reads.items():
            self.read.setdefault(thing, _History()).add(position, _Use(variable, accesses))
        for thing, accesses in writes.items():
            self.written.setdefault(thing, _History()).add(position, _Use(variable, accesses))

    def _found(
        self, item: Item, histories: Sequence[tuple[_History, tuple[Element, ...]]]
    ) -> tuple[int, Local | None]:
        wishes = self.wishes(item)
        for wish in wishes:
            first = 1
            for history, accesses in histories:
                last = history.position
                if last % 2 == 0:
                    first = max(first, last + 1)
                elif last > first or last == first:
                    agrees = self._agrees(history, wish, accesses)
                    first = max(first, last if agrees else last + 2)
            tried = range(first // 2, min(len(self.groups), first // 2 + FARTHEST))
            for number in tried:
                if self.groups[number].key == wish.key:
                    self.groups[number].members.append((item, wish.variable))
                    return 2 * number + 1, wish.variable
        for wish in wishes:
            if wish.founds:
                self.groups.append(Group(wish.key, [(item, wish.variable)]))
                self.singles.append([])
                return 2 * len(self.groups) - 1, wish.variable
        free = max((last.position + last.position % 2 for last, _ in histories), default=0)
        self.singles[max(free, 0) // 2].append(item)
        return max(free, 0), None

    def _agrees(self, history: _History, wish: Wish, accesses: tuple[Element, ...]) -> bool:
        """Whether all uses of a buffer in a group are at the index that an item has."""
        group = self.groups[history.position // 2]
        if group.key != wish.key or len(history.uses) > MOST_ASKED:
            return False
        places = _places(accesses, wish.variable)
        for use in history.uses:
            if use.variable is None or not places:
                return False
            places &= _places(use.accesses, use.variable)
        return bool(places)


def _places(accesses: Sequence[Element], variable: Local) -> set[int]:
    """The axes of a buffer on which all accesses are at a variable."""
    found: set[int] | None = None
    for element in accesses:
        here = {n for n, index in enumerate(element.at) if index == Get(variable)}
        found = here if found is None else found & here
    return found or set()


Uses = dict[Buffer | Local, tuple[Element, ...]]


def used(item: Item) -> tuple[Uses, Uses]:
    """What an item reads and what it writes: the elements of buffers, and locals."""
    match item:
        case Nest():
            read = read_by(item)
            writes: Uses = {}
            if isinstance(item.target, Element):
                writes[item.target.buffer] = (item.target,)
            else:
                writes[item.target] = ()
        case Let() | Declare() | Assign():
            read, writes = [item.value], {item.local: ()}
        case Fill():
            read, writes = [item.value], {item.buffer: ()}
        case Copy():
            return {item.source: ()}, {item.target: ()}
        case _:
            raise AssertionError(item)
    reads: Uses = {}
    for element in elements(read):
        reads[element.buffer] = (*reads.get(element.buffer, ()), element)
    for local in locals_read(read):
        reads[local] = ()
    if isinstance(item, (Nest, Assign)) and item.op is not None:
        joined = item.target if isinstance(item, Nest) else item.local
        if isinstance(joined, Local):
            reads[joined] = ()
    return reads, writes
