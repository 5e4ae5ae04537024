"""What `gradc fit` shows while it runs: one line that changes, or each step of gradient descent.

The line goes to standard error, and only where that is a terminal; steps are results, and go to
standard output.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click

from gradc.cli.boundary import speaks_unicode
from gradc.fit.settings import RATES
from gradc.ir.fitted import Step
from gradc.report.fit import progress_text, step_text

_BETWEEN_LINES = 0.1  # seconds
_CLEAR = "\r\x1b[K"


class Progress:
    """Hears of the steps of a fit, and shows some of them."""

    def __init__(self, format: str, method: str, rate: float | None) -> None:
        self._rate = RATES["gd"] if rate is None else rate
        self._steps = format == "text" and method == "gd"
        self._line = format == "text" and not self._steps and sys.stderr.isatty()
        self._next = 0.0
        self._shown = False

    def __call__(self, step: Step) -> None:
        """Show a step."""
        if self._steps:
            text = step_text(step, self._rate, speaks_unicode())
            if text:
                click.echo(text)
        elif self._line and time.monotonic() >= self._next:
            self._next = time.monotonic() + _BETWEEN_LINES
            self._shown = True
            click.echo(_CLEAR + progress_text(step), err=True, nl=False, color=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wipe the line, and set steps apart from what follows."""
        if self._shown:
            click.echo(_CLEAR, err=True, nl=False, color=True)
        elif self._steps and error is None:
            click.echo()
