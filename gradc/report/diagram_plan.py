"""Which boxes a diagram has: one for each quantity, or fewer where there are many.

A program becomes *units*: its inputs, then its statements.  A plan puts units into boxes: one
unit alone, the repetitions of a statement, the inputs that are read alike, statements that stand
together.  A program of few units is drawn whole.  Of a longer one, blocks that are repeated are
drawn once (`repeats`); what then exceeds the limit is put into groups (`diagram_groups`).  With
a focus, what does not concern that quantity is left out (`diagram_focus`) and nothing is
folded.

Invariants: without a focus each unit is in exactly one box; a box of several units without
`repeated` has them in their order.  Linear in the size of the program, times its logarithm for
finding repetitions.  Deliberately absent: texts, numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

from gradc.ir.graph import Var
from gradc.ir.interface import InputSpec
from gradc.ir.program import Program
from gradc.report.diagram_functions import parts, written_functions
from gradc.report.partials import Statement, statements
from gradc.report.repeats import FEWEST, Run, repeats
from gradc.report.view import View

#: A picture of so many boxes is drawn whole, whatever it repeats.
FEW = 12

#: So many outputs have boxes of their own.
MOST_OUTPUTS = 8


@dataclass(frozen=True)
class Unit:
    """An input, or a statement: its results, and what it reads."""

    results: tuple[Var, ...]
    operands: tuple[Var, ...]
    source: InputSpec | Statement
    reads: tuple[int, ...]  # the unit of each operand

    @property
    def is_input(self) -> bool:
        """Whether it is an input."""
        return isinstance(self.source, InputSpec)


#: What a box stands for; `before` and `behind` are left out, on either side of a focus.
Content = Literal["one", "repeated", "inputs", "group", "before", "behind"]


class Box(NamedTuple):
    """Some units, drawn as one box."""

    content: Content
    units: tuple[int, ...]


class Block(NamedTuple):
    """Boxes, by their positions, that together are repeated so many times.

    A block of more statements than anybody reads is one box that is a group.
    """

    boxes: tuple[int, ...]
    times: int


@dataclass(frozen=True)
class Plan:
    """The boxes of a diagram."""

    units: tuple[Unit, ...]
    boxes: tuple[Box, ...]
    blocks: tuple[Block, ...] = ()
    focus: int | None = None  # a unit
    depth: int = 0  # of loops and functions that are opened
    functions: frozenset[str] = frozenset()  # those that the program defines, by name

    @cached_property
    def box_of(self) -> Mapping[int, int]:
        """The box of each unit that is drawn."""
        return {unit: i for i, box in enumerate(self.boxes) for unit in box.units}

    @property
    def shown(self) -> Iterable[Statement]:
        """The statements that are written out: those alone, and the first two of repeated ones."""
        for box in self.boxes:
            if box.content in ("one", "repeated"):
                for unit in box.units[:2]:
                    source = self.units[unit].source
                    if isinstance(source, Statement):
                        yield source


def plan(program: Program, view: View) -> Plan:
    """The boxes of a program's diagram; the focus of the view is a quantity of the program."""
    units, functions = _units(program), written_functions(program.source)
    if view.focus is not None:
        from gradc.report.diagram_focus import focused

        return replace(focused(units, view), depth=view.depth or 0, functions=functions)
    found = Plan(units, tuple(Box("one", (i,)) for i in range(len(units))))
    if view.fold and len(units) > min(FEW, view.limit):
        found = _folded(program, units)
    depth = view.depth
    if len(found.boxes) > view.limit:
        from gradc.report.diagram_groups import grouped

        found = grouped(found, frozenset(program.graph.outputs), view.limit)
        depth = depth or 0
    if depth is None:
        boxes, arrows = parts(functions, found.shown)
        arrows += sum(len(statement.operands) for statement in found.shown)
        depth = int(len(found.boxes) + boxes <= view.limit and arrows <= view.limit * 2 // 3)
    return replace(found, depth=depth, functions=functions)


def _units(program: Program) -> tuple[Unit, ...]:
    place: dict[Var, int] = {}
    units: list[Unit] = []
    for var, spec in zip(program.graph.inputs, program.inputs, strict=True):
        place[var] = len(units)
        units.append(Unit((var,), (), spec, ()))
    for statement in statements(program.graph):
        reads = tuple(place[var] for var in statement.operands)
        place.update(dict.fromkeys(statement.results, len(units)))
        units.append(Unit(statement.results, statement.operands, statement, reads))
    return tuple(units)


# Repetitions


def _folded(program: Program, units: tuple[Unit, ...]) -> Plan:
    """Blocks of statements once, and the inputs that belong to their repetitions."""
    first = len(program.graph.inputs)
    sources = [unit.source for unit in units[first:]]
    outputs = program.graph.outputs if len(program.graph.outputs) <= MOST_OUTPUTS else ()
    runs = repeats([s for s in sources if isinstance(s, Statement)], outputs)
    column: dict[int, Run] = {run.start + first: run for run in runs}
    boxes: list[Box] = []
    blocks: list[Block] = []
    i = first
    while i < len(units):
        run = column.get(i)
        if run is None:
            boxes.append(Box("one", (i,)))
            i += 1
            continue
        own = tuple(range(len(boxes), len(boxes) + run.period))
        stop = i + run.period * run.times
        boxes += [Box("repeated", tuple(range(i + k, stop, run.period))) for k in range(run.period)]
        blocks.append(Block(own, run.times))
        i = stop
    inputs = _inputs(units[:first], units, boxes)
    moved = tuple(
        Block(tuple(box + len(inputs) for box in block.boxes), block.times) for block in blocks
    )
    return Plan(units, (*inputs, *boxes), moved)


def _inputs(inputs: Sequence[Unit], units: Sequence[Unit], boxes: Sequence[Box]) -> list[Box]:
    """The inputs, those together of which each repetition reads its own in the same place."""
    readers: dict[int, dict[tuple[int, int], int]] = {}
    for i, box in enumerate(boxes):
        for unit in box.units:
            for k, read in enumerate(units[unit].reads):
                if read < len(inputs):
                    found = readers.setdefault(read, {})
                    found[i, k] = found.get((i, k), 0) + 1
    alike: dict[object, list[int]] = {}
    for i, given in enumerate(inputs):
        found = readers.get(i, {})
        own = found and all(
            boxes[box].content == "repeated" and times * 2 < len(boxes[box].units)
            for (box, _), times in found.items()
        )
        spec, type = given.source, given.results[0].type
        assert isinstance(spec, InputSpec)
        key = (spec.kind, type, tuple(sorted(found))) if own else i
        alike.setdefault(key, []).append(i)
    gathered: list[Box] = []
    for members in alike.values():
        if len(members) >= FEWEST:
            gathered.append(Box("inputs", tuple(members)))
        else:
            gathered += [Box("one", (member,)) for member in members]
    return sorted(gathered, key=lambda box: box.units)
