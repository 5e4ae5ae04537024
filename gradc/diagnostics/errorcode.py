"""What is known about one code of a diagnostic."""

from __future__ import annotations

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """What a code means: a title, a paragraph, a program that earns it and the program mended.

    Where the fault lies in data or in a command rather than in a program, `bad` and `good` show
    those.
    """

    title: str
    explanation: str
    bad: str
    good: str
