"""Medians of interleaved runs: machines are noisy, so compare ratios within one minute."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Mapping, Sequence
from typing import Any


def processes(commands: Mapping[str, Sequence[str]], rounds: int = 15) -> dict[str, float]:
    """The median wall time in seconds of whole processes, run in turn."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if number:  # the first round warms the caches
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def calls(statements: Mapping[str, str], names: dict[str, Any], number: int) -> dict[str, float]:
    """The median time in seconds of each statement, from interleaved batches."""
    timers = {name: timeit.Timer(text, globals=names) for name, text in statements.items()}
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(15):
        for name, timer in timers.items():
            times[name].append(timer.timeit(number) / number)
    return {name: statistics.median(values) for name, values in times.items()}


def python(*arguments: str) -> list[str]:
    """A command line of this Python."""
    return [sys.executable, *arguments]
