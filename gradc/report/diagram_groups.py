"""Boxes put together where a picture would have more than anybody reads.

Statements that stand together in the source are one group; where a group ends, few quantities
are handed on.  Outputs and repeated blocks keep their boxes while they are few, and groups end
at them, so that no arrow between groups points back.  Inputs are put together by who reads
them, then by their kind.  The number of groups is the largest with which there are few
enough arrows: quantities that are read everywhere make few and large groups.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import accumulate

from gradc.ir.graph import Var
from gradc.ir.interface import InputSpec
from gradc.report.diagram_plan import MOST_OUTPUTS, Block, Box, Plan

#: The fewest groups that are tried.
_FEWEST = 4

#: Groups are drawn one behind the other: so many times fewer than boxes fit on a page.
_EACH = 10

#: The most boxes of a block, and of inputs, as parts of the limit.
_BLOCK = 5
_INPUTS = 10


def grouped(plan: Plan, outputs: frozenset[Var], limit: int) -> Plan:
    """A plan with groups, as many as `limit` boxes ask for and arrows leave readable."""
    groups = max(limit // _EACH, _FEWEST)
    while True:
        found = _with_groups(plan, outputs, limit, groups)
        if groups <= _FEWEST or _arrows(found) <= limit // 2:
            return found
        groups = max(groups * 2 // 3, _FEWEST)


def _arrows(plan: Plan) -> int:
    """The number of pairs of boxes with an arrow between them."""
    box_of = plan.box_of
    pairs = {(box_of[read], box_of[i]) for i, unit in enumerate(plan.units) for read in unit.reads}
    return sum(tail != head for tail, head in pairs)


def _with_groups(plan: Plan, outputs: frozenset[Var], limit: int, groups: int) -> Plan:
    inputs = [box for box in plan.boxes if plan.units[box.units[0]].is_input]
    alone = outputs if len(outputs) <= MOST_OUTPUTS else frozenset()
    own = _Statements(plan, len(inputs), alone, limit // _BLOCK)
    boxes, blocks = own.grouped(limit, groups)
    gathered = _inputs(plan, inputs, boxes, max(limit // _INPUTS, 1))
    moved = tuple(
        Block(tuple(box + len(gathered) for box in block.boxes), block.times) for block in blocks
    )
    return Plan(plan.units, (*gathered, *boxes), moved)


class _Statements:
    """The boxes of statements, in order; those of one block are one item."""

    def __init__(self, plan: Plan, inputs: int, outputs: frozenset[Var], most: int) -> None:
        self.plan = plan
        in_block = {box: block for block in plan.blocks for box in block.boxes}
        self.items: list[tuple[Box, ...]] = []
        self.counts: list[int | None] = []  # of repetitions, of an item that is a block
        i = inputs
        while i < len(plan.boxes):
            block = in_block.get(i)
            size = len(block.boxes) if block else 1
            members = plan.boxes[i : i + size]
            if block and size > most:
                units = sorted(unit for box in members for unit in box.units)
                members = (Box("group", tuple(units)),)
            self.items.append(members)
            self.counts.append(block.times if block else None)
            i += size
        self.own = [
            any(not outputs.isdisjoint(plan.units[u].results) for box in item for u in box.units)
            for item in self.items
        ]

    def grouped(self, limit: int, groups: int) -> tuple[list[Box], list[Block]]:
        """The boxes after grouping, and the blocks that are left."""
        sizes = [sum(len(box.units) for box in item) for item in self.items]
        large = [
            count is not None and size * limit >= sum(sizes)
            for count, size in zip(self.counts, sizes, strict=True)
        ]
        stay = sum(len(item) for item, kept in zip(self.items, large, strict=True) if kept)
        alone = [
            own or (kept and stay <= limit // 3) for own, kept in zip(self.own, large, strict=True)
        ]
        boxes: list[Box] = []
        blocks: list[Block] = []
        for start, stop in self._parts(alone, groups):
            members = self.items[start:stop]
            if stop - start > 2 or (stop - start == 2 and len(boxes) + groups > limit):
                units = sorted(unit for item in members for box in item for unit in box.units)
                boxes.append(Box("group", tuple(units)))
                continue
            for item, count in zip(members, self.counts[start:stop], strict=True):
                if count is not None:
                    own = tuple(range(len(boxes), len(boxes) + len(item)))
                    blocks.append(Block(own, count))
                boxes += item
        return boxes, blocks

    def _parts(self, alone: Sequence[bool], groups: int) -> Iterator[tuple[int, int]]:
        """Where groups begin and end: at items that stay alone, else about so many equal parts."""
        size = max(-(-alone.count(False) // groups), 1)
        crossing = self._crossing()
        i = 0
        while i < len(alone):
            if alone[i]:
                yield i, i + 1
                i += 1
                continue
            stop = i
            while stop < len(alone) and not alone[stop]:
                stop += 1
            while i < stop:
                end = i + size
                if end + size // 2 >= stop:
                    end = stop
                else:
                    near = range(max(i + 1, end - size // 3), min(stop, end + size // 3) + 1)
                    end = min(near, key=lambda cut: (crossing[cut], abs(cut - end)))
                yield i, end
                i = end

    def _crossing(self) -> list[int]:
        """For each place between items, how many are read behind it that stand before it."""
        item_of = {
            unit: i for i, item in enumerate(self.items) for box in item for unit in box.units
        }
        last = list(range(len(self.items)))
        for unit, i in item_of.items():
            for read in self.plan.units[unit].reads:
                if read in item_of:
                    last[item_of[read]] = max(last[item_of[read]], i)
        changes = [0] * (len(self.items) + 2)
        for i, end in enumerate(last):
            changes[i + 1] += 1
            changes[end + 1] -= 1
        return list(accumulate(changes))


# Inputs


def _inputs(plan: Plan, inputs: Sequence[Box], boxes: Sequence[Box], most: int) -> list[Box]:
    """The boxes of inputs, put together until there are few enough."""
    if len(inputs) <= most:
        return list(inputs)
    readers: dict[int, set[int]] = {}
    for i, box in enumerate(boxes):
        for unit in box.units:
            for read in plan.units[unit].reads:
                readers.setdefault(read, set()).add(i)

    def read_by(unit: int) -> Hashable:
        return tuple(sorted(readers.get(unit, ())))

    def kind(unit: int) -> Hashable:
        spec = plan.units[unit].source
        assert isinstance(spec, InputSpec)
        return spec.kind

    def shape(unit: int) -> Hashable:
        return plan.units[unit].results[0].type

    keys: tuple[Callable[[int], Hashable], ...] = (
        lambda unit: (kind(unit), shape(unit), read_by(unit)),
        lambda unit: (kind(unit), shape(unit)),
        kind,
    )
    for key in keys:
        alike: dict[Hashable, list[int]] = {}
        for box in inputs:
            for unit in box.units:
                alike.setdefault(key(unit), []).append(unit)
        if len(alike) <= most:
            break
    return [Box("inputs" if len(own) > 1 else "one", tuple(own)) for own in alike.values()]
