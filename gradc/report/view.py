"""What a reader asks to see of a program in its diagram.

Imports nothing, so that the Python interface can offer it at once.
"""

from __future__ import annotations

from typing import NamedTuple


class View(NamedTuple):
    """What a reader asks to see of a program in its diagram."""

    depth: int | None = None  # how deep loops and functions are opened; None: 1 where that fits
    fold: bool = True  # repeated blocks once
    focus: str | None = None  # one quantity, what it depends on and what depends on it
    within: int | None = None  # no further from the focus than so many arrows
    limit: int = 60  # about so many boxes


DEFAULT = View()

#: One box for each statement, however many there are.
WHOLE = View(depth=0, fold=False, limit=10**9)
