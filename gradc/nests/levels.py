"""Which items may share a loop: `levels`.

Items are in order; each wants a loop over one of its axes, or none.  Those that want the same are
grouped, as far as what they read was written before the group, or in it at the same index.

Invariants: groups and the single items between them are in an order in which every item comes
after all on which it depends.  Linear in the number of items, but for groups that share one
buffer among many nests: these are looked at one by one up to `MOST_ASKED`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.nests.model import Assign, Buffer, Check, Copy, Declare, Element, Fill, Get, Let, Local
from gradc.nests.nest import Item, Nest
from gradc.nests.substitute import read_by
from gradc.nests.terms import shift
from gradc.nests.walk import subexpressions

MOST_ASKED = 64  # nests of a group that are asked whether they agree on an index
LARGEST = 512  # nests of a group: the time that a compiler takes for a loop grows faster than it
FARTHEST = 4  # groups that are tried behind the first one that is possible


class Wish(NamedTuple):
    """What kind of group an item may join, and the variable that is to be that of the group."""

    key: Hashable
    variable: Local
    founds: bool = True  # whether it may begin a group, or only join one
    fed: frozenset[Buffer] = frozenset()  # if any, it may only join what writes one of these last


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


Uses = dict[Buffer | Local, tuple[Element, ...]]


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
        # What is late, with its number, by what it writes.
        self.waiting: dict[Buffer | Local, tuple[int, Item]] = {}

    def run(self, items: Sequence[Item]) -> list[Group | Single]:
        """The order of groups and single items."""
        for number, item in enumerate(items):
            if isinstance(item, Nest) and item.late and isinstance(item.target, Element):
                self.waiting[item.target.buffer] = (number, item)
            else:
                self._place(item)
        for _, item in self.waiting.values():  # what reads it is elsewhere
            self._commit(item, *self._found(item))
        found: list[Group | Single] = []
        for number, singles in enumerate(self.singles):
            found.extend(map(Single, singles))
            if number < len(self.groups):
                found.append(self.groups[number])
        return found

    def _place(self, item: Item) -> None:
        """Give an item its position: even for single items, odd for groups."""
        late = self._late(item)
        position, wish = self._found(item)
        if late and wish is not None:
            firsts = [self._first(each, own) for each in late for own in self.wishes(each)]
            position, wish = self._found(item, max(firsts, default=0))
        beside: list[tuple[Item, Wish]] = []
        if wish is not None:
            readers = [(item, wish)]
            for each in reversed(late):
                joining = self._beside(each, position, readers)
                if joining is not None:
                    beside.insert(0, (each, joining))
                    readers.append((each, joining))
        if len(beside) < len(late):
            for each in late:
                self._commit(each, *self._found(each))
            self._commit(item, *self._found(item))
            return
        for each, joining in beside:
            self._commit(each, position, joining)
        self._commit(item, position, wish)

    def _late(self, item: Item) -> list[Item]:
        """What waited for an item that reads it, and what waited for that."""
        found: list[tuple[int, Item]] = []
        pending = [item]
        while pending and self.waiting:
            reads, _ = used(pending.pop())
            for thing in [thing for thing in reads if thing in self.waiting]:
                found.append(self.waiting.pop(thing))
                pending.append(found[-1][1])
        return [late for _, late in sorted(found, key=itemgetter(0))]

    def _beside(
        self, item: Item, position: int, readers: Sequence[tuple[Item, Wish]]
    ) -> Wish | None:
        """The wish with which an item can join the group of those that read it."""
        _, writes = used(item)
        for own in self.wishes(item):
            if own.key != readers[0][1].key or self._first(item, own) > position:
                continue
            agreed = [
                _places((*writes[thing], *accesses), own.variable, wish.variable)
                for reader, wish in readers
                for thing, accesses in used(reader)[0].items()
                if thing in writes
            ]
            if all(agreed):
                return own
        return None

    def _commit(self, item: Item, position: int, wish: Wish | None) -> None:
        """Put an item at a position, and remember its accesses."""
        if wish is None:
            self.singles[position // 2].append(item)
        else:
            if position // 2 == len(self.groups):
                self.groups.append(Group(wish.key, []))
                self.singles.append([])
            self.groups[position // 2].members.append((item, wish.variable))
        variable = None if wish is None else wish.variable
        reads, writes = used(item)
        for things, histories in ((reads, self.read), (writes, self.written)):
            for thing, accesses in things.items():
                histories.setdefault(thing, _History()).add(position, _Use(variable, accesses))

    def _depends(self, item: Item) -> list[tuple[_History, tuple[Element, ...]]]:
        """The accesses that an item must come after, each with its own to the same thing."""
        reads, writes = used(item)
        found = [
            (self.written[thing], own) for thing, own in reads.items() if thing in self.written
        ]
        for thing, own in writes.items():
            for before in (self.written, self.read):
                if thing in before:
                    found.append((before[thing], own))
        return found

    def _found(self, item: Item, least: int = 0) -> tuple[int, Wish | None]:
        """The first position that is possible from some position on, and the wish it grants."""
        wishes = self.wishes(item)
        for wish in wishes:
            first = max(self._first(item, wish), least) // 2
            for number in range(first, min(len(self.groups), first + FARTHEST)):
                group = self.groups[number]
                if wish.fed and not self._written(wish.fed, 2 * number + 1):
                    break
                if group.key == wish.key and len(group.members) < LARGEST:
                    return 2 * number + 1, wish
        for wish in wishes:
            if wish.founds:
                return 2 * len(self.groups) + 1, wish
        lasts = [history.position for history, _ in self._depends(item)]
        return max((last + last % 2 for last in lasts), default=0), None

    def _written(self, buffers: Iterable[Buffer], position: int) -> bool:
        """Whether what is at a position is the last that writes one of some buffers."""
        found = (self.written.get(buffer) for buffer in buffers)
        return any(each is not None and each.position == position for each in found)

    def _first(self, item: Item, wish: Wish) -> int:
        """The first position of a group that an item may join with a wish."""
        first = 1
        for history, accesses in self._depends(item):
            last = history.position
            if last % 2 == 0:
                first = max(first, last + 1)
            elif last >= first:
                agrees = self._agrees(history, wish, accesses)
                first = max(first, last if agrees else last + 2)
        return first

    def _agrees(self, history: _History, wish: Wish, accesses: tuple[Element, ...]) -> bool:
        """Whether all uses of a buffer in a group are at the index that an item has."""
        if history.position // 2 == len(self.groups):
            return False
        group = self.groups[history.position // 2]
        if group.key != wish.key or len(history.uses) > MOST_ASKED:
            return False
        for use in history.uses:
            if use.variable is None or not use.accesses or not accesses:
                return False
            for own in accesses:
                for other in use.accesses:
                    if not _apart(own, wish.variable, other, use.variable, group.key):
                        return False
        return True


def _places(accesses: Sequence[Element], *variables: Local) -> set[int]:
    """The axes of a buffer on which all accesses are at one of some variables."""
    found: set[int] | None = None
    wanted = [Get(variable) for variable in variables]
    for element in accesses:
        here = {n for n, index in enumerate(element.at) if index in wanted}
        found = here if found is None else found & here
    return found or set()


def _apart(one: Element, at_one: Local, other: Element, at_other: Local, extent: Hashable) -> bool:
    """Whether two elements, at the variables of two items in one loop, are the same in one and the
    same iteration at most."""
    fixed = extent.constant if isinstance(extent, Dim) else None
    for n, (left, right) in enumerate(zip(one.at, other.at, strict=True)):
        first, second = shift(left, at_one), shift(right, at_other)
        if first is None or second is None:
            continue
        if first == second:
            return True
        size = one.buffer.shape[n].constant
        if fixed is not None and size is not None and max(first, second) + fixed <= size:
            return abs(first - second) >= fixed
    return False


def used(item: Item) -> tuple[Uses, Uses]:
    """What an item reads and what it writes: the elements of buffers, and locals."""
    match item:
        case Nest():
            read = read_by(item)
            writes: Uses = {}
            for target in item.written:
                if isinstance(target, Element):
                    writes[target.buffer] = (target,)
                else:
                    writes[target] = ()
        case Let() | Declare() | Assign():
            read, writes = [item.value], {item.local: ()}
        case Fill():
            read, writes = [item.value], {item.buffer: ()}
        case Check():
            read, writes = [item.place, item.taken], {}
        case Copy():
            return {item.source: ()}, {item.target: ()}
        case _:
            raise AssertionError(item)
    reads: Uses = {}
    named: Uses = {}
    for expr in subexpressions(read):
        if isinstance(expr, Element):
            reads[expr.buffer] = (*reads.get(expr.buffer, ()), expr)
        elif isinstance(expr, Get):
            named[expr.local] = ()
    reads |= named
    if isinstance(item, (Nest, Assign)) and item.op is not None:
        for joined in item.written if isinstance(item, Nest) else (item.local,):
            if isinstance(joined, Local):
                reads[joined] = ()
    return reads, writes
