"""How a reader of data collects what is wrong before it stops.

Invariant: at most `limit` problems of one source are kept, and the last one kept says how
many more there are, so a million bad cells give a page and not a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gradc.diagnostics import Diagnostic, InputError


def quoted(text: str, limit: int = 40) -> str:
    """A text in backquotes, shortened to `limit` characters, with nothing invisible in it."""
    short = text if len(text) <= limit else text[: limit - 3] + "..."
    return f"`{''.join(c if c.isprintable() else _escape(c) for c in short)}`"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def counted(count: int, noun: str) -> str:
    """`1 element`, `3 elements`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def failure(code: str, message: str, help: str | None = None) -> InputError:
    """One problem as the error to raise."""
    return InputError([Diagnostic(code, message, help=help)])


class Problems:
    """The problems found in one source of data, a file say."""

    def __init__(self, limit: int = 10) -> None:
        self._limit = limit
        self._found: list[Diagnostic] = []
        self._more = 0

    def add(self, code: str, message: str, help: str | None = None) -> None:
        """Note a problem after which reading goes on."""
        self.extend([Diagnostic(code, message, help=help)])

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Note the problems of a part that was read on its own."""
        for diagnostic in diagnostics:
            if len(self._found) < self._limit:
                self._found.append(diagnostic)
            else:
                self._more += 1

    def fatal(self, code: str, message: str, help: str | None = None) -> InputError:
        """Note a problem after which nothing more can be read, for the caller to raise."""
        self.add(code, message, help)
        return self._error()

    def check(self) -> None:
        """Raise `InputError` with all that was noted, if anything was."""
        if self._found:
            raise self._error()

    def found(self) -> tuple[Diagnostic, ...]:
        """All that was noted; the last one says how many more there were."""
        found = list(self._found)
        if self._more:
            more = f"and {counted(self._more, 'more problem')}, not shown"
            found[-1] = replace(found[-1], notes=(*found[-1].notes, more))
        return tuple(found)

    def _error(self) -> InputError:
        return InputError(self.found())
