"""A derivation as plain text, for a terminal of any width.

Equals signs of one display are aligned.  A line that is too long is broken where the least
brackets are open; what cannot be broken stays.  Nothing in a name can move the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradc.diagnostics.display import display_width, visible
from gradc.explain.model import Block, Derivation, Display, Listing, Paragraph, Row, Words

#: The width where there is no terminal.
WIDTH = 80

_INDENT = "    "


def text(derivation: Derivation, width: int | None = None) -> str:
    """The derivation as lines, with a final newline."""
    columns = max(width or WIDTH, 40)
    parts = [*_wrapped(_plain(derivation.title), columns)]
    for block in derivation.opening:
        parts += ["", *_block(block, columns)]
    for i, step in enumerate(derivation.steps, 1):
        parts += ["", f"{i}. {_plain(step.title)}"]
        for block in step.blocks:
            parts += ["", *_block(block, columns)]
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _plain(words: Words) -> str:
    return visible("".join(word if isinstance(word, str) else word[0] for word in words))


def _block(block: Block, width: int) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield from _wrapped(_plain(words), width)
        case Listing(content):
            yield from (f"{_INDENT}{visible(line)}" for line in content.split("\n"))
        case Display(rows):
            yield from _display(rows, width)


def _wrapped(content: str, width: int) -> Iterator[str]:
    line = ""
    for word in content.split(" "):
        if line and display_width(line) + 1 + display_width(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _display(rows: Sequence[Row], width: int) -> Iterator[str]:
    """Rows with aligned equals signs, and numbers and remarks in columns where there is room."""
    shown = [Row(*map(visible, row)) for row in rows]
    left = min(max(display_width(row.left) for row in shown), width // 3)
    room = width - len(_INDENT) - left - 3
    short = [row for row in shown if display_width(row.right) + _tail(row) <= room]
    column = max((display_width(row.right) for row in short if row.value or row.remark), default=0)
    column = min(column, room - max(map(_tail, short), default=0)) if short else 0
    for row in shown:
        start = f"{_INDENT}{_padded(row.left, left)} = "
        first, *more = _broken(row.right, room) or [""]
        tail = (f" = {row.value}" if row.value else "") + (f"   {row.remark}" if row.remark else "")
        if tail and not more and display_width(first) + _tail(row) <= room:
            yield start + _padded(first, max(column, display_width(first))) + tail
            continue
        yield start + first
        yield from (f"{' ' * len(_INDENT)}{' ' * left}   {line}" for line in more)
        yield from _below(row, left, room)


def _below(row: Row, left: int, room: int) -> Iterator[str]:
    """The number and the remark of a row, where they do not stand beside its formula."""
    start = _INDENT + " " * left
    remark = f"   {row.remark}" if row.remark else ""
    if row.value and display_width(row.value + remark) <= room:
        yield f"{start} = {row.value}{remark}"
        return
    if row.value:
        yield f"{start} = {row.value}"
    if row.remark:
        yield f"{start}{remark}"


def _tail(row: Row) -> int:
    """The columns of what stands behind a formula."""
    value = display_width(row.value) + 3 if row.value else 0
    return value + (display_width(row.remark) + 3 if row.remark else 0)


def _padded(content: str, width: int) -> str:
    return content + " " * (width - display_width(content))


def _broken(content: str, width: int) -> list[str]:
    """A formula as lines; each break is at a space with the fewest brackets open around it."""
    lines: list[str] = []
    while display_width(content) > width:
        place = _place(content, width)
        if place is None:
            break
        lines.append(content[:place])
        content = content[place + 1 :]
    return [*lines, content]


def _place(content: str, width: int) -> int | None:
    """The best space at which a line of so many columns can end."""
    best: int | None = None
    least = depth = columns = 0
    for i, character in enumerate(content):
        if columns > width:
            break
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == " " and i and (best is None or depth <= least or columns < width // 2):
            best, least = i, depth
        columns += display_width(character)
    return best
