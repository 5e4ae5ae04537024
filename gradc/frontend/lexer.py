"""Text to tokens.

A token is its regular-expression match: place and text are asked of the match, and no token
object is built.  Invariant: the tokens and the blanks between them cover the text without a gap;
what no terminal matches comes out as one character of kind `$ERROR`, and so does a name outside
ASCII that is not an identifier.  Deliberately absent: any error message (see `mistakes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import Match

from gradc.frontend.tables import Tables

Token = Match[str]

#: Control characters, the separators that some editors show as line ends, and the bidirectional
#: controls with which a text can be made to read otherwise than it runs (CVE-2021-42574).  They
#: may stand nowhere, not even in a comment.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def token_text(token: Token) -> str:
    """The text of a token, without the blanks and the comment behind it."""
    return token[token.lastindex or 0]


def token_span(token: Token) -> tuple[int, int]:
    """The place of a token, without the blanks and the comment behind it."""
    return token.span(token.lastindex or 0)


class Lexer:
    """Reads one text; several times, from different places, if its parser has to recover."""

    def __init__(self, text: str, tables: Tables) -> None:
        self.text = text
        self.tables = tables
        #: Names whose NFKC form differs from what the author typed.
        self.spelling: dict[str, str] = {}

    def tokens(self, start: int) -> Iterator[tuple[int, Token]]:
        """The tokens from an offset outside brackets on, each with its column in the tables.

        The last is empty and of kind `$END`.  A newline inside brackets is left out.  Brackets
        need not match; a closing one too many changes nothing.
        """
        column = self.tables.column
        keyword = self.tables.raw.keywords.get
        name, newline, error = column["NAME"], column["_NEWLINE"], column["$ERROR"]
        opening = {column["LPAR"], column["LSQB"]}
        closing = {column["RPAR"], column["RSQB"]}
        scan = self.tables.scanner.finditer
        depth = 0
        for token in scan(self.text, self._skip_blank(start)):
            kind = token.lastindex or 0
            if kind == name:
                word = token[name]
                if not word.isascii():
                    if not is_name(word):
                        yield error, token
                        continue
                    word = self._normalised(word)
                kind = keyword(word, name)
            elif kind in opening:
                depth += 1
            elif kind in closing:
                if depth:
                    depth -= 1
            elif kind == newline and depth:
                continue
            yield kind, token
        for token in self.tables.nothing.finditer(self.text, len(self.text)):
            yield column["$END"], token

    def _skip_blank(self, start: int) -> int:
        blank = self.tables.blank.match(self.text, start)
        return blank.end() if blank else start

    def _normalised(self, word: str) -> str:
        normal = self.spelling.get(word)
        if normal is None:
            from unicodedata import normalize  # a large table; most programs are ASCII

            normal = self.spelling[word] = normalize("NFKC", word)
        return normal


def is_name(word: str) -> bool:
    """Whether a word can be a name: a Python identifier, but for the dots that mean a product."""
    return word.isidentifier() and "\u00b7" not in word and "\u0387" not in word
