"""Memory and time of the gradient of a long loop, for several distances of its checkpoints."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np

import gradc
from benchmarks.timing import calls

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


def main() -> None:
    """Print peak memory and median time of one gradient for each distance."""
    arguments = data()
    gradients = {
        "without checkpoint" if k is None else f"checkpoint {k}": module(k)["value_and_grad"]
        for k in DISTANCES
    }
    names: dict[str, Any] = {f"f{i}": gradient for i, gradient in enumerate(gradients.values())}
    statements = {name: f"f{i}(*arguments)" for i, name in enumerate(gradients)}
    medians = calls(statements, {**names, "arguments": arguments}, 1)
    whole = medians["without checkpoint"]
    print(f"one gradient, T = {STEPS}, H = {HIDDEN}   peak memory   median   ratio to the first")
    for name, gradient in gradients.items():
        most = peak(gradient, arguments) / 2**20
        seconds = medians[name]
        print(f"{name:<29} {most:9.2f} MiB {seconds * 1e3:5.0f} ms   {seconds / whole:.2f}")
