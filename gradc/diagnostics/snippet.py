"""One line of source as a diagnostic shows it, with marks under it.

Invariant: a mark stands under the characters it means, whatever their width, and however long
the line.  No text here has colour; `render` paints the marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradc.diagnostics.display import display_width, visible, visible_character
from gradc.diagnostics.model import Source

TAB = "    "
DOTS = "..."


class Mark(NamedTuple):
    """What to mark on one line: offsets in the source, and what to say about them."""

    line: int
    start: int
    end: int
    message: str
    is_primary: bool


class Drawn(NamedTuple):
    """A piece of a line as shown, and rows of remarks under it: text and mark of each part."""

    text: str
    remarks: list[list[tuple[str, bool | None]]]  # parts: text, and is it primary (None: blank)


def draw(source: Source, marks: Sequence[Mark], room: int) -> list[Drawn]:
    """The marks of one line; marks too far apart for `room` columns are drawn separately."""
    line = source.line_span(marks[0].line)
    ordered = sorted(marks, key=lambda m: (m.start, m.end))
    groups: list[list[Mark]] = [[ordered[0]]]
    for mark in ordered[1:]:
        fits = line.end - line.start <= room or mark.end - groups[-1][0].start <= room // 2
        if fits:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return [_draw_group(source, group, room) for group in groups]


def _draw_group(source: Source, marks: Sequence[Mark], room: int) -> Drawn:
    line = source.line_span(marks[0].line)
    first = min(mark.start for mark in marks)
    last = max(mark.end for mark in marks)
    start, end = _window(source.text, line, (first, last), room)
    shown: list[str] = []
    columns: dict[int, int] = {}
    column = 0
    if start > line.start:
        shown.append(DOTS)
        column = len(DOTS)
    for offset in range(start, end):
        columns[offset] = column
        piece = _shown(source.text[offset])
        shown.append(piece)
        column += display_width(piece)
    columns[end] = column
    if end < line.end:
        shown.append(DOTS)
    places = []
    for mark in marks:
        left = columns[min(max(mark.start, start), end)]
        right = columns[min(max(mark.end, start), end)]
        places.append((left, max(right, left + 1), mark))
    return Drawn("".join(shown), _remarks(places))


def _shown(character: str) -> str:
    return TAB if character == "\t" else visible_character(character)


def _window(text: str, line: tuple[int, int], span: tuple[int, int], room: int) -> tuple[int, int]:
    """The part of a line to show: all of it if there is room, else around `span`."""
    begin, finish = line
    if finish - begin <= room and sum(_width(c) for c in text[begin:finish]) <= room:
        return begin, finish
    room -= 2 * len(DOTS)
    start = end = min(max(span[0], begin), finish)
    stop = min(span[1], finish)
    while end < stop and _width(text[end]) <= room:
        room -= _width(text[end])
        end += 1
    share = room // 2
    while start > begin and _width(text[start - 1]) <= share:
        start -= 1
        share -= _width(text[start])
        room -= _width(text[start])
    while end < finish and _width(text[end]) <= room:
        room -= _width(text[end])
        end += 1
    while start > begin and _width(text[start - 1]) <= room:
        start -= 1
        room -= _width(text[start])
    return start, end


def _width(character: str) -> int:
    return display_width(_shown(character))


Place = tuple[int, int, Mark]  # columns from and to, and what is marked there
Row = list[tuple[str, bool | None]]


def _remarks(places: list[Place]) -> list[Row]:
    """The row of marks, and below it one row for each message that has no room beside it."""
    places = sorted(places, key=lambda p: (p[0], p[1], p[2].is_primary))
    end = max(right for _, right, _ in places)
    row = _paint(
        [(left, "^" if m.is_primary else "-", right - left, m) for left, right, m in places]
    )
    pending = [place for place in places if place[2].message]
    if pending and pending[-1][1] == end and pending[-1] is places[-1]:
        _, _, mark = pending.pop()
        row.append((" " + visible(mark.message), mark.is_primary))
    rows = [row]
    if pending:
        rows.append(_paint([(left, "|", 1, mark) for left, _, mark in pending]))
    while pending:
        left, _, mark = pending.pop()
        row = _paint([(column, "|", 1, m) for column, _, m in pending if column < left])
        row.append((" " * (left - _length(row)) + visible(mark.message), mark.is_primary))
        rows.append(row)
    return rows


def _paint(strokes: list[tuple[int, str, int, Mark]]) -> Row:
    """Strokes (column, character, length, mark) on an empty row; primary ones lie on top."""
    width = max((column + length for column, _, length, _ in strokes), default=0)
    cells: list[tuple[str, bool | None]] = [(" ", None)] * width
    for column, character, length, mark in sorted(strokes, key=lambda s: s[3].is_primary):
        cells[column : column + length] = [(character, mark.is_primary)] * length
    row: Row = []
    for text, paint in cells:
        if row and row[-1][1] == paint:
            row[-1] = (row[-1][0] + text, paint)
        else:
            row.append((text, paint))
    return row


def _length(row: Row) -> int:
    return sum(len(text) for text, _ in row)
