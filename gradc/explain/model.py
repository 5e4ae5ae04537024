"""A derivation as a value: steps of prose, equations and lists.

Every formula in it is text of one notation already, so a printer lays out and decides nothing of
mathematics.  Prose is plain text with formulas between; whatever the author wrote in it is data,
and each printer escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Math(NamedTuple):
    """A formula in a line of prose, in the notation of the derivation."""

    markup: str


class Code(NamedTuple):
    """Text of a program, or of a command, in a line of prose."""

    text: str


Words = tuple["str | Math | Code", ...]


class Row(NamedTuple):
    """`left = right = value  remark`, one line of a display.

    Without `left` it goes on with the equation above.  `value` is a number as text, `remark`
    plain words.
    """

    left: str
    right: str
    value: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Display:
    """Equations, one below the other, with their equals signs aligned."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Paragraph:
    """A line of prose."""

    words: Words


@dataclass(frozen=True)
class Listing:
    """Text of a program as it stands."""

    text: str


Block = Display | Paragraph | Listing


@dataclass(frozen=True)
class Step:
    """One step of a derivation, under a title."""

    title: Words
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Derivation:
    """All steps, and what is said before them."""

    title: Words
    opening: tuple[Block, ...]
    steps: tuple[Step, ...]


def prose(*words: str | Math | Code) -> Paragraph:
    """A line of prose."""
    return Paragraph(words)
