"""A table in plain text, for a terminal of any width.

Invariants: every row takes one line; columns line up also with wide and combining
characters; nothing in a cell can move the cursor, change a colour or reverse the text; a
number is never cut.  Deliberately absent: colour, boxes, and the formatting of numbers
(`numbers`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gradc.diagnostics.display import character_width, display_width, visible

_GAP = "  "
_DOTS = "..."
_SHORTEST = 8  # a text cell is never cut below this many columns

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?(e[+-]?\d+)?|nan|inf)")
_WHOLE_PART = re.compile(r"[+-]?\w+?(?=\.|e|\b)")

Align = Literal["left", "right", "number"]


class Column(NamedTuple):
    """A column: its title, and whether its cells are text or numbers.

    "number" aligns decimal points; cells that are not numbers stand at the left.
    """

    title: str
    align: Align = "left"


def render_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None = None
) -> str:
    """The table as lines without trailing blanks or a final newline.

    Every row has one text for each column; raises ValueError otherwise.  Where `width` is
    given, text cells are shortened with `...` to fit it, as far as eight columns each;
    numbers are never shortened, so a table of many numbers can be wider.
    """
    if not columns:
        return ""
    by_column = zip(*[_checked(row, columns) for row in rows], strict=True)
    cells = [list(column) for column in by_column] or [[] for _ in columns]
    laid = [_Laid(column, texts) for column, texts in zip(columns, cells, strict=True)]
    if width is not None:
        _shrink(laid, width)
    finished = [column.lines() for column in laid]
    lines = zip(*finished, strict=True)
    return "\n".join(_GAP.join(line).rstrip() for line in lines)


def _checked(row: Sequence[str], columns: Sequence[Column]) -> list[str]:
    if len(row) != len(columns):
        raise ValueError(f"a row has {len(row)} cells, the table {len(columns)} columns")
    return [visible(cell) for cell in row]


class _Laid:
    """One column while its width is being decided."""

    def __init__(self, column: Column, cells: list[str]) -> None:
        self.title = visible(column.title)
        self.align = column.align
        numeric = [column.align == "number" and bool(_NUMBER.fullmatch(c)) for c in cells]
        self.flush_right = column.align == "right" or (column.align == "number" and all(numeric))
        self.cells = _on_points(cells, numeric)
        fixed = [display_width(c) for c, n in zip(self.cells, numeric, strict=True) if n]
        free = [display_width(c) for c, n in zip(self.cells, numeric, strict=True) if not n]
        title = display_width(self.title)
        self.width = max([*fixed, *free, title])
        self.least = max([*fixed, min(max([*free, title]), _SHORTEST)])

    def lines(self) -> list[str]:
        """The title, the rule and the cells, each as wide as the column."""
        pad = _padded_left if self.flush_right else _padded_right
        texts = [shortened(text, self.width) for text in [self.title, *self.cells]]
        title, *cells = [pad(text, self.width) for text in texts]
        return [title, "-" * self.width, *cells]


def _on_points(cells: list[str], numeric: list[bool]) -> list[str]:
    """The cells, with those that are numbers padded so that their points are aligned."""
    numbers = [cell for cell, is_number in zip(cells, numeric, strict=True) if is_number]
    if not numbers:
        return cells
    before = {cell: _point(cell) for cell in numbers}
    left = max(before.values())
    right = max(len(cell) - before[cell] for cell in numbers)
    return [
        (" " * (left - before[cell]) + cell).ljust(left + right) if is_number else cell
        for cell, is_number in zip(cells, numeric, strict=True)
    ]


def _point(cell: str) -> int:
    """How many characters of a number stand before its decimal point."""
    match = _WHOLE_PART.match(cell)
    return len(cell) if match is None else match.end()


def _shrink(columns: list[_Laid], width: int) -> None:
    """Narrow the widest columns until the table fits, or none can be narrower."""
    for column in columns:
        column.width = max(min(column.width, width), column.least)
    room = width - len(_GAP) * (len(columns) - 1)
    while sum(column.width for column in columns) > room:
        wide = [column for column in columns if column.width > column.least]
        if not wide:
            return
        max(wide, key=lambda column: column.width).width -= 1


def shortened(text: str, width: int) -> str:
    """A text cut to `width` columns, ending in `...` where something was cut."""
    if display_width(text) <= width:
        return text
    kept: list[str] = []
    room = width - len(_DOTS)
    for character in text:
        room -= character_width(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + _DOTS


def _padded_left(text: str, width: int) -> str:
    return " " * (width - display_width(text)) + text


def _padded_right(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
