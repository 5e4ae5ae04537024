"""Processes that are to be interrupted."""

from __future__ import annotations

import signal


def hear_interrupts() -> None:
    """Before a process starts: a shell has what it runs in the background ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
