"""The author's text in lines, with the places of quantities and statements marked.

Invariants: the pieces of all lines together are the text, with characters that would not be
seen written as escapes and a tab as spaces; a piece belongs to all marks that cover it, the
innermost last.  Linear in the text and the marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from gradc.diagnostics import Span
from gradc.diagnostics.display import visible

_LINE_END = re.compile(r"\r\n?|\n")
_TAB = "    "


class Mark(NamedTuple):
    """That a place in the text is about a quantity."""

    span: Span
    quantity: int


class Piece(NamedTuple):
    """A part of one line, and the quantities that it is about."""

    text: str
    quantities: tuple[int, ...]


def marked_lines(text: str, marks: Iterable[Mark]) -> list[list[Piece]]:
    """The lines of a text as pieces."""
    opening: dict[int, list[Mark]] = {}
    borders = {0, len(text)}
    for mark in sorted(marks, key=lambda mark: (mark.span.start, -mark.span.end)):
        opening.setdefault(mark.span.start, []).append(mark)
        borders |= {mark.span.start, mark.span.end}
    ends = {match.start(): match.end() for match in _LINE_END.finditer(text)}
    borders |= ends.keys() | set(ends.values())
    places = sorted(borders)
    lines: list[list[Piece]] = [[]]
    active: list[Mark] = []
    for start, end in pairwise(places):
        active = [mark for mark in active if mark.span.end > start] + opening.get(start, [])
        if ends.get(start) == end:
            lines.append([])
            continue
        shown = visible(text[start:end].replace("\t", _TAB).removeprefix("\ufeff"))
        if shown:
            lines[-1].append(Piece(shown, tuple(dict.fromkeys(m.quantity for m in active))))
    if not lines[-1] and len(lines) > 1:
        lines.pop()  # behind the last line end
    return lines
