r"""Anybody's text as text in a DOT file: never markup, never a port, never an escape.

A label of Graphviz has a language of its own: `{ } | < >` divide a record, a backslash starts
an escape, `&` an entity, and a whole label in `< >` is HTML.  Here every text is made one that
Graphviz shows as it is.  Characters that would not be seen, or would reorder the others, are
shown as escapes (`\u202e`).

Invariant: what `record` and `label` return is safe for every string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gradc.diagnostics.display import display_width, visible, visible_character
from gradc.report.notation import ELLIPSIS

_SPECIAL = re.compile(r'[{}|<>\\"]')

# Characters that XML, and so SVG, cannot hold.
_NOT_IN_XML = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")

# Where a long text may be broken: behind a space.
_WORD = re.compile(r"\S+\s*")


def field(lines: Iterable[str], port: str = "") -> str:
    """One field of a record: centred lines, and the port that edges may name."""
    text = r"\n".join(map(escaped, lines))
    return f"<{port}> {text}" if port else text


def record(fields: Iterable[str]) -> str:
    """The label of a record from its fields."""
    return "|".join(fields)


def label(lines: Iterable[str], left: bool = False) -> str:
    """The label of an edge or a graph: lines that are centred, or begin at the left."""
    end = r"\l" if left else ""
    return (end or r"\n").join(map(escaped, lines)) + end


def escaped(text: str) -> str:
    """A text that Graphviz shows as it is, in a record or elsewhere.

    Braces and bars keep their backslash out of sight outside records too.
    """
    shown = _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", visible(text))
    entities = shown.replace("&", "&amp;")
    return _SPECIAL.sub(lambda match: "\\" + match[0], entities)


def wrapped(text: str, width: int, most: int) -> list[str]:
    """A text as at most so many lines of at most so many columns; what is beyond is cut."""
    lines = [""]
    for word in _WORD.findall(text):
        if lines[-1] and display_width(lines[-1] + word.rstrip()) > width:
            if len(lines) == most:
                lines[-1] = _cut(lines[-1] + word, width)
                break
            lines.append("")
        lines[-1] += word
        if display_width(lines[-1].rstrip()) > width:
            lines[-1] = _cut(lines[-1], width)
            break
    return [line.rstrip() for line in lines]


def _cut(text: str, width: int) -> str:
    """The beginning of a text, and `...`."""
    while display_width(text) > width - len(ELLIPSIS):
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


__all__ = ["escaped", "field", "label", "record", "visible_character", "wrapped"]
