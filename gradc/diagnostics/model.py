"""The values in which every stage reports what is wrong.

Invariant: a `Diagnostic` is complete.  Rendering it needs nothing but the value itself, so
the same value serves the terminal, JSON for editors, and `GradcError.diagnostics`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

#: The three line ends of text files; a parser accepts all of them.
_LINE_END = re.compile(r"\r\n?|\n")

Severity = Literal["error", "warning", "note"]


class Span(NamedTuple):
    """A half-open range of character offsets in one source text."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A source text and the name under which people know it."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        # A byte order mark is no part of the first line.
        starts = [1 if self.text.startswith("\ufeff") else 0]
        starts += [match.end() for match in _LINE_END.finditer(self.text)]
        return starts

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        line = max(1, bisect_right(self._line_starts, offset))
        return line, max(0, offset - self._line_starts[line - 1]) + 1

    def line_span(self, line: int) -> Span:
        """The place of a 1-based line, without its line end."""
        start = self._line_starts[line - 1]
        match = _LINE_END.search(self.text, start)
        return Span(start, match.start() if match else len(self.text))

    def snippet(self, span: Span) -> str:
        """The source text that a span covers."""
        return self.text[span.start : span.end]


class Label(NamedTuple):
    """A remark that points at a place in the source."""

    span: Span
    message: str


@dataclass(frozen=True)
class Diagnostic:
    """One problem: what, where, and what to do about it.

    `code` is stable and listed in `codes.CODES`; a note, which tells of no problem and stands among
    messages in JSON only, has none.  The first label is the primary place; a
    diagnostic without labels concerns no place in a source (an input value, say).
    """

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: Severity = "error"
    source: Source | None = None


class GradcError(Exception):
    """Base of every error that gradc raises on purpose; carries the diagnostics.

    As text it is what the command line prints: the place, the line of source and the help, too.
    """

    exit_code = 1

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in self.diagnostics))

    def __str__(self) -> str:
        from gradc.diagnostics.render import render_text  # which reads this module

        return render_text(self.diagnostics, color=False)

    def __reduce__(self) -> tuple[type[GradcError], tuple[tuple[Diagnostic, ...]]]:
        """A copy, in another process too, has the same diagnostics."""
        return type(self), (self.diagnostics,)


class SourceError(GradcError):
    """The program itself is wrong (exit code 1)."""

    exit_code = 1


class UsageError(GradcError):
    """The request does not fit the program or the machine (exit code 2)."""

    exit_code = 2


class InputError(GradcError):
    """The data given to the program are wrong (exit code 3)."""

    exit_code = 3


class NumericError(GradcError):
    """The numbers cannot be trusted (exit code 4)."""

    exit_code = 4
