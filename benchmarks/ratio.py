"""The time of a gradient in units of the time of the value, in emitted NumPy code.

Reverse mode costs a small multiple of the value, whatever the number of inputs; the bar is 5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

import gradc
from benchmarks.timing import calls

EXAMPLES = Path(__file__).parents[1] / "examples"
BAR = 5

Inputs = dict[str, NDArray[np.float64] | float]


def gmm(draw: Generator, N: int = 1000, D: int = 32, K: int = 50) -> Inputs:  # noqa: N803
    """Points and a mixture of so many components."""
    return {
        "x": draw.standard_normal((N, D)),
        "gamma": 1.0,
        "m": 0.0,
        "alpha": draw.standard_normal(K),
        "mu": draw.standard_normal((K, D)),
        "q": 0.3 * draw.standard_normal((K, D)),
        "l": 0.3 * draw.standard_normal((K, D * (D - 1) // 2)),
    }


def lstm(draw: Generator, L: int = 2, T: int = 1024, B: int = 14) -> Inputs:  # noqa: N803
    """A sequence of so many characters of so many bits, and layers."""
    return {
        "state": draw.standard_normal((2 * L, B)),
        "seq": draw.integers(0, 2, (T, B)).astype(np.float64),
        "main": draw.standard_normal((2 * L, 4 * B)),
        "extra": draw.standard_normal((3, B)),
    }


def kmeans(draw: Generator, N: int = 10_000, D: int = 16, K: int = 100) -> Inputs:  # noqa: N803
    """Points and centroids."""
    return {"x": draw.standard_normal((N, D)), "c": draw.standard_normal((K, D))}


def main() -> None:
    """Print the median time of a value and of a gradient of each program, and their ratio."""
    print("program          value     gradient   ratio")
    for make in (gmm, lstm, kmeans):
        name = make.__name__
        compiled = gradc.load(EXAMPLES / f"{name}.g")
        module: dict[str, Any] = {}
        exec(compiled.python, module)
        inputs = make(np.random.default_rng(1))
        arguments = [inputs[var.name] for var in compiled.graph.inputs]
        names = {**module, "arguments": arguments}
        medians = calls(
            {"value": "forward(*arguments)", "gradient": "value_and_grad(*arguments)"}, names, 1
        )
        value, gradient = medians["value"], medians["gradient"]
        ratio = gradient / value
        print(
            f"{name:<10} {value * 1e3:8.1f} ms {gradient * 1e3:9.1f} ms   {ratio:.2f}"
            f"{'' if ratio <= BAR else f', above the bar of {BAR}'}"
        )
