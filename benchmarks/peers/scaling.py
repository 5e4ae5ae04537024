"""How gradc's time grows with the size of its data, and how near it is to the memory's limit.

Measurements of gradc alone, in a process of its own that prints them as JSON.  Times of a
gradient for sizes from 10^4 to 10^7, of which `report` gives the slope of the line through them
on log-log axes: 1 where the cost is linear.  A product of the rows of the logistic regression
with themselves reads them once at the speed of the memory: no program that reads them takes
less.  Turns of both are interleaved.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.with_gradc import build
from benchmarks.peers.worker import samples
from benchmarks.peers.workloads import WORKLOADS

EXTENTS = (10_000, 100_000, 1_000_000, 10_000_000)
# Workloads over n numbers or rows, with what else their data need.
GROWING: dict[str, dict[str, int]] = {
    "lse": {},
    "llsq": {},
    "ode": {"s": 1},
    "kmeans": {"k": 10, "d": 2},
    "logistic": {"d": 4},
    "logloss": {},
}
ROUNDS, TURN = 7, 0.04


def growth(extents: tuple[int, ...], clock: str) -> list[dict[str, Any]]:
    """For each workload the sizes and the median times of a gradient."""
    found = []
    for name, others in GROWING.items():
        times = []
        for n in extents:
            data = WORKLOADS[name].make(np.random.default_rng(0), n=n, **others)
            gradient = build(name, data).repeated().gradient
            gradient()
            times.append(statistics.median(samples(gradient, ROUNDS * TURN, clock)))
        found.append({"workload": name, "others": others, "n": list(extents), "seconds": times})
    return found


def floor(size: str, clock: str) -> dict[str, float]:
    """Seconds of reading the rows once, and of a gradient of the logistic regression."""
    data = WORKLOADS["logistic"].data(size)
    numbers = data["X"].ravel()
    calls: dict[str, Callable[[], Any]] = {
        "reading": lambda: np.dot(numbers, numbers),
        "gradient": build("logistic", data).repeated().gradient,
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS + 1):
        for name, call in calls.items():
            times[name].append(statistics.median(samples(call, TURN, clock)))
    return {name: statistics.median(each[1:]) for name, each in times.items()}


def main() -> None:
    """Print both, by the clock named; for fewer sizes, where so many are named."""
    clock, count = sys.argv[1], int(sys.argv[2])
    found = {"growth": growth(EXTENTS[:count], clock), "floor": floor("large", clock)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
