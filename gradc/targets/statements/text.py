"""Emitted text whatever its language: widths, what is printable, statements as one line.

Invariant: what goes out is printable.  Deliberately absent: the tokens of a language.
"""

from __future__ import annotations

import unicodedata

LINE_WIDTH = 88
INDENT = 4
COMMENT_LIMIT = 120


def text_width(text: str) -> int:
    """The columns that a text takes: two for a wide character, none for a combining one.

    As the formatter counts them, but for some forty vowel signs of Indic scripts.
    """
    if text.isascii():
        return len(text)
    width = 0
    for char in text:
        if unicodedata.east_asian_width(char) in "WF":
            width += 2
        elif unicodedata.category(char) not in ("Mn", "Me", "Cf") and not _is_hangul_part(char):
            width += 1
    return width


def _is_hangul_part(char: str) -> bool:
    """Whether a letter joins the syllable before it: a vowel or a final of Old Hangul."""
    return "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7ff"


def printable(text: str) -> str:
    """The text with every unprintable character as a lower-case escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def remark(text: str) -> str:
    """What a comment says: one line of single spaces; a text too long to be shown is cut."""
    if len(text) > 8 * COMMENT_LIMIT:  # of a long statement, each of its parts says as much
        text = text[: 8 * COMMENT_LIMIT] + "..."
    if not text.isprintable() or "  " in text:
        text = printable(" ".join(text.split()))
    return text.strip()


def shortened(text: str) -> str:
    """A remark that is not too long for a comment."""
    if len(text) <= COMMENT_LIMIT:
        return text
    return text[: COMMENT_LIMIT - 3].rstrip() + "..."


def _escape(char: str) -> str:
    """One character as the shortest hexadecimal escape; the common ones by their letter."""
    code = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
