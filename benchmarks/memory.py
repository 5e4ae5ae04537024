"""Memory and time of the gradient of a long loop, for several distances of its checkpoints."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np

import gradc

STEPS, HIDDEN, FEATURES = 4000, 64, 8
DISTANCES = (None, 1, 10, 63, 400, 4000)

PROGRAM = """
input x[T, D]
param W[H, H], U[H, D]
loop t in T carry h = zeros(H)%s {
    h = tanh(W @ h + U @ x[t])
}
J = dot(h, h)/2
"""


def module(distance: int | None) -> dict[str, Any]:
    """The emitted module of the loop with checkpoints so many steps apart, or without."""
    clause = "" if distance is None else f" checkpoint {distance}"
    names: dict[str, Any] = {}
    exec(gradc.compile(PROGRAM % clause).python, names)
    return names


def data() -> list[np.ndarray]:
    """Inputs in the order of the program."""
    rng = np.random.default_rng(0)
    shapes = ((STEPS, FEATURES), (HIDDEN, HIDDEN), (HIDDEN, FEATURES))
    return [rng.normal(size=shape) / shape[-1] ** 0.5 for shape in shapes]


def peak(function: Any, arguments: list[np.ndarray]) -> int:
    """The most memory in bytes that one call holds at a time, beyond its arguments."""
    tracemalloc.start()
    function(*arguments)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def seconds(function: Any, arguments: list[np.ndarray]) -> float:
    """The shortest of five calls."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print peak memory and time of one gradient for each distance."""
    arguments = data()
    print(f"one gradient, T = {STEPS}, H = {HIDDEN}   peak memory     time")
    for distance in DISTANCES:
        gradient = module(distance)["value_and_grad"]
        gradient(*arguments)  # warms the caches
        most, shortest = peak(gradient, arguments), seconds(gradient, arguments)
        name = "without checkpoint" if distance is None else f"checkpoint {distance}"
        print(f"{name:<30} {most / 2**20:9.2f} MiB {shortest * 1e3:6.0f} ms")
