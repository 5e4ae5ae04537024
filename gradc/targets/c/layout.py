"""Lines of emitted C: filled from tokens, and broken at the last place that fits.

Invariant: one pass over the tokens.  A line goes on four columns further in.  Deliberately absent:
alignment, and any choice about what the tokens are.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.targets.c.expressions import BREAK

LINE_WIDTH = 100
INDENT = 4


def filled(tokens: Iterable[str], indent: int) -> list[str]:
    """A statement as lines, each with its margin."""
    lines: list[str] = []
    line, word = " " * indent, ""
    begun = False  # whether the line has a word after its margin
    for token in (*tokens, BREAK):
        if token != BREAK:
            word += token
            continue
        blank = " " if begun else ""
        if begun and len(line) + len(blank) + len(word) > LINE_WIDTH:
            lines.append(line)
            line, blank = " " * (indent + INDENT), ""
        line += blank + word
        word, begun = "", True
    return [*lines, line]
