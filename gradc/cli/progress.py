"""How far a long request is: one line of a terminal, on standard error, that is taken away again.

Nothing is written where standard error is no terminal, or where the request is over soon.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

_PATIENCE = 1.0  # seconds before anything is said
_PAUSE = 0.1  # seconds between two lines
_BAR = 24  # characters


@contextmanager
def progress_line(noun: str) -> Iterator[Callable[[int, int], None] | None]:
    """Gives what is to be told how many of how many are done: `sweep 120 of 3,000`."""
    if not sys.stderr.isatty():
        yield None
        return
    due = time.monotonic() + _PATIENCE
    written = False

    def tell(done: int, total: int) -> None:
        nonlocal due, written
        now = time.monotonic()
        if now >= due:
            due, written = now + _PAUSE, True
            sys.stderr.write(f"\r{noun} {done:,} of {total:,}\x1b[K")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if written:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class Progress:
    """Counts rows of files whose number is not known, and shows how much of the files is read."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._count = 0
        self._on = sys.stderr.isatty()
        self._written = False
        self._start = time.monotonic()
        self._due = self._start + _PATIENCE

    def __enter__(self) -> Progress:
        return self

    def advance(self, count: int, done: float) -> None:
        """So many more are done, and this part, from 0 to 1, of all that there is."""
        self._count += count
        now = time.monotonic()
        if not self._on or now < self._due:
            return
        self._due, self._written = now + _PAUSE, True
        filled = int(min(max(done, 0.0), 1.0) * _BAR)
        rate = self._count / (now - self._start)
        sys.stderr.write(
            f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {done:4.0%}  "
            f"{self._count:,} {self._noun}, {rate:,.0f}/s\x1b[K"
        )
        sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._written:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
