"""The parser's tables: what they mean, and where they come from.

Invariant: the tables in use fit the grammar file that lies beside this installation.  They are
read from `_tables.py`; only when the grammar file has been edited since is Lark imported and the
tables rebuilt in memory.
"""

from __future__ import annotations

import os.path
import re
import zlib
from functools import lru_cache
from typing import NamedTuple

# What a reduction does with the values of its children.
SAME = 0  # one child: its value stays
LIST = 1  # the first round of a repetition: a list of the children kept
APPEND = 2  # a further round: the children kept are appended to the list
APPEND_ALL = 3  # the same, where every child is kept
MAKE = 4  # the builder's method receives the children kept
MAKE_ALL = 5  # the same, where every child is kept
MAKE_ONE = 6  # the same, where there is one child, and it is kept

RawRule = tuple[int, int, int, tuple[int, ...], str]


class RawTables(NamedTuple):
    """The tables as plain values.

    A row is one state of the automaton; state 0 is the start.  Its first columns are the
    terminals, the others the rules; an entry is the next state, or -1 - r for a reduction by
    rule r, or 0 for an error (no symbol leads back to the start).  `$END` has column 0.  The
    group number of a terminal in `scanner` is its column; behind the column of `$ERROR`, the
    last group, come the keywords, which the scanner finds as names.

    A rule is (column, size, how, keep, method): `size` children leave the stack; `keep` are the
    offsets, from the top of the stack, of those that count, with 0 for an absent optional one.
    """

    checksum: int
    terminals: tuple[str, ...]
    scanner: str
    blank: str
    keywords: dict[str, int]
    rows: tuple[tuple[int, ...], ...]
    rules: tuple[RawRule, ...]


class Tables(NamedTuple):
    """The tables made ready: patterns compiled, and the columns that the lexer asks for."""

    raw: RawTables
    scanner: re.Pattern[str]
    blank: re.Pattern[str]
    nothing: re.Pattern[str]
    column: dict[str, int]


def checksum(grammar: str) -> int:
    """The number by which tables and grammar recognise each other."""
    return zlib.crc32(grammar.encode("utf-8"))


def grammar_path() -> str | None:
    """The grammar file: inside the package when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (package, os.path.dirname(package)):
        path = os.path.join(folder, "grammars", "gradc.lark")
        if os.path.isfile(path):
            return path
    return None


@lru_cache(maxsize=1)
def load() -> Tables:
    """The tables that fit the grammar file, or the shipped ones where there is no such file."""
    raw = _shipped()
    path = grammar_path()
    if path is not None:
        with open(path, encoding="utf-8") as file:
            grammar = file.read()
        if checksum(grammar) != raw.checksum:
            from gradc.frontend.generate import (
                build_tables,
            )  # imports Lark: slow, and rarely needed

            raw = build_tables(grammar)
    return prepare(raw)


def _shipped() -> RawTables:
    from gradc.frontend import _tables as t

    rows = tuple(tuple(map(int, line.split())) for line in t.ROWS.splitlines())
    return RawTables(t.CHECKSUM, t.TERMINALS, t.SCANNER, t.BLANK, t.KEYWORDS, rows, t.RULES)


def prepare(raw: RawTables) -> Tables:
    """Compile the patterns of raw tables."""
    return Tables(
        raw,
        re.compile(raw.scanner),
        re.compile(raw.blank),
        re.compile(""),
        {name: i for i, name in enumerate(raw.terminals)},
    )
