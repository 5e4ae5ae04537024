"""What a diagram shows: boxes with fields, arrows between them, frames, and a legend.

`diagram` makes a `Picture` of a program; `diagram_dot` and `diagram_mermaid` print one, and who
lays it out by Graphviz finds every part again: a node, an arrow and a frame have in SVG the
`id` that they have here, and the texts of a node stand there in the order of `Node.texts`.

Invariants: all ids of a picture differ and none is an author's text; each named quantity of
the program belongs to the `quantities` of exactly one node; no line is empty.  Deliberately
absent: colours, fonts, escapes of a language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

#: What a field says: what the box is, a value, a derivative, or a remark.
Role = Literal["heading", "value", "derivative", "note"]

#: What a box stands for: `repeated` for equations that are drawn once, `group` for many that
#: are not drawn, `carried` for what a loop hands from one step to the next, `part` for an
#: equation within a loop or a function, `more` for what is left out.
Kind = Literal[
    "input", "constant", "quantity", "output", "repeated", "group", "carried", "part", "more"
]

#: Why a derivative vanishes: whatever the numbers are, or at these numbers.
Zero = Literal["no path", "number"]


@dataclass(frozen=True)
class Field:
    """One compartment of a box: lines that say one thing.

    `quantity` is the one whose value or derivative it shows; `port` is where arrows may end.
    """

    role: Role
    lines: tuple[str, ...]
    quantity: str | None = None
    port: str | None = None


class Text(NamedTuple):
    """One line of a node, as it stands in SVG."""

    text: str
    role: Role
    quantity: str | None


@dataclass(frozen=True)
class Node:
    """A box.  `quantities` are those that it stands for, by name."""

    id: str
    kind: Kind
    fields: tuple[Field, ...]
    quantities: tuple[str, ...]
    zero: Zero | None = None  # of all its derivatives
    focused: bool = False

    def texts(self) -> Iterator[Text]:
        """The lines in the order in which an SVG of the picture has them."""
        for field in self.fields:
            for line in field.lines:
                yield Text(line, field.role, field.quantity)


class End(NamedTuple):
    """Where an arrow begins or ends: a node, and a port of it."""

    node: str
    port: str | None


@dataclass(frozen=True)
class Arrow:
    """An arrow between the box of an operand, on the left, and the box of a result.

    It points at the result, or `backward` at the operand; where it `returns`, at both, because
    a derivative comes back along it.  `lines` are the local partial, or how many pairs it
    stands for.  Where it stands for one pair of quantities, `operand_name` and `result_name` are
    their names, of a loop those of its first result; where it stands for several, `count` says
    for how many.  One that is `carried` leads to the next repetition.  The ids of the two arrows
    between the same ends differ in their first letter alone, `f` and `b`.
    """

    id: str
    operand: End
    result: End
    backward: bool = False
    returns: bool = False
    lines: tuple[str, ...] = ()
    operand_name: str | None = None
    result_name: str | None = None
    count: int = 1
    zero: Zero | None = None
    carried: bool = False


@dataclass(frozen=True)
class Frame:
    """A border around nodes and other frames, with a heading."""

    id: str
    heading: tuple[str, ...]
    nodes: tuple[str, ...]  # their ids; those of inner frames are theirs alone
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A diagram.  Values flow from left to right, derivatives of `outputs` from right to left."""

    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    frames: tuple[Frame, ...]
    legend: tuple[str, ...]  # without what is said of arrows, which printers draw in their ways

    @property
    def has_derivatives(self) -> bool:
        """Whether any node shows a derivative."""
        return any(part.role == "derivative" for node in self.nodes for part in node.fields)
