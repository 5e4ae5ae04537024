"""Collecting what is wrong with a program, each problem once, at its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from gradc.diagnostics import Diagnostic, Label, Source, SourceError, Span

# What a person reads at once; the first mistakes often cause the others.
MOST_SHOWN = 50


class Problems:
    """The diagnostics of one program, in order of discovery."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: list[Diagnostic] = []
        self._calls: list[str] = []  # of the functions that are being checked, innermost last
        self._in_calls: set[tuple[str, Span, str]] = set()

    def error(
        self,
        code: str,
        span: Span,
        message: str,
        label: str = "",
        *,
        also: tuple[Label, ...] = (),
        help: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Record an error; the program will be refused."""
        if self._was_said(code, span, message):
            return
        labels = (Label(span, label), *also)
        notes = (*notes, *reversed(self._calls))
        self._found.append(Diagnostic(code, message, labels, notes, help, "error", self.source))

    def _was_said(self, code: str, span: Span, message: str) -> bool:
        """Whether a problem of a function is known: it is one, however often that is called."""
        problem = (code, span, message)
        if not self._calls:
            return False
        if problem in self._in_calls:
            return True
        self._in_calls.add(problem)
        return False

    @contextmanager
    def within(self, call: str) -> Iterator[None]:
        """While a function is checked: what is wrong in it names the call."""
        self._calls.append(call)
        try:
            yield
        finally:
            self._calls.pop()

    def warning(
        self,
        code: str,
        span: Span,
        message: str,
        label: str = "",
        *,
        also: tuple[Label, ...] = (),
        help: str | None = None,
    ) -> None:
        """Record a warning; the program stands."""
        if self._was_said(code, span, message):
            return
        labels = (Label(span, label), *also)
        self._found.append(Diagnostic(code, message, labels, (), help, "warning", self.source))

    def finish(self) -> tuple[Diagnostic, ...]:
        """The warnings; raises SourceError with everything found if there was an error."""
        found = sorted(self._found, key=lambda d: d.labels[0].span.start)
        errors = any(d.severity == "error" for d in found)
        if len(found) > MOST_SHOWN:
            more = f"and {len(found) - MOST_SHOWN} more, not shown"
            found = found[:MOST_SHOWN]
            found[-1] = replace(found[-1], notes=(*found[-1].notes, more))
        if errors:
            raise SourceError(found)
        return tuple(found)

    def line(self, span: Span) -> int:
        """The line on which a span begins."""
        return self.source.line_column(span.start)[0]
