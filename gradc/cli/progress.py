"""How far a long request is: one line of a terminal, on standard error, that is taken away again.

Nothing is written where standard error is no terminal, or where the request is over soon.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 1.0  # seconds before anything is said
_PAUSE = 0.1  # seconds between two lines


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
