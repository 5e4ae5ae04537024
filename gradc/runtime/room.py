"""How much memory there is for a result, so that what cannot fit is refused at once.

An array of zeros takes no memory until it is written; without this a matrix that is too large
would slow the machine down and end the process, instead of giving a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gradc.diagnostics import Diagnostic, NumericError

_AVAILABLE = re.compile(r"^MemAvailable:\s+([0-9]+) kB$", re.M)
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def require_room(shape: tuple[int, int], what: str, instead: str | None = None) -> None:
    """Raise NumericError where a matrix of doubles would not fit in memory.

    `what` names the matrix, `instead` says what to do.
    """
    needed, there = 8 * shape[0] * shape[1], available()
    if there is None or needed <= there:
        return
    size = f"{shape[0]:,} x {shape[1]:,}"
    message = (
        f"{what} of {size} numbers takes {amount(needed)}; there are {amount(there)} of memory"
    )
    raise NumericError([Diagnostic("G0792", message, help=instead)])


def available() -> int | None:
    """The bytes that this process may still take; None where the system does not say."""
    return min(_limits(), default=None)


def amount(size: int) -> str:
    """A number of bytes as people say it: `12 bytes`, `1.6 GB`."""
    number, unit = float(size), 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.3g} {_UNITS[unit]}"


def _limits() -> Iterator[int]:
    found = _AVAILABLE.search(_text("/proc/meminfo"))
    if found:
        yield 1024 * int(found[1])
    most, taken = _text("/sys/fs/cgroup/memory.max"), _text("/sys/fs/cgroup/memory.current")
    if most.strip().isdigit() and taken.strip().isdigit():
        yield max(0, int(most) - int(taken))
    try:
        import resource
    except ImportError:  # not on every system
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        yield limit


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
