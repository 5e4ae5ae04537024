"""What is measured: for each workload its sizes, its data and what is wanted of a peer.

The data of a workload are named in the order of the arguments of every peer's function: first
the quantities to differentiate with respect to, then the others, then whole numbers that are
known when a function is compiled.  They are drawn from a fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.peers.geometry import ba, ht

Array = NDArray[np.float64]
Data = dict[str, Any]

SIZES = ("small", "middle", "large")


@dataclass(frozen=True)
class Workload:
    """A function, and the derivative wanted of it.

    `wrt` counts the leading arguments to differentiate with respect to.  `wanted` is in words
    what one timed call computes besides the value; a workload whose answer is itself found with
    derivatives has no value to compare with.
    """

    name: str
    formula: str
    wanted: str
    make: Callable[..., Data]
    sizes: Mapping[str, Mapping[str, int]]
    wrt: int = 1
    has_value: bool = True
    tiny: Mapping[str, int] = field(default_factory=dict)

    def data(self, size: str) -> Data:
        """The arguments by name; `tiny` is a size for tests."""
        chosen = self.tiny if size == "tiny" else self.sizes[size]
        return self.make(np.random.default_rng(len(self.name)), **chosen)

    def extent(self, size: str) -> str:
        """The size in the symbols of the formula."""
        chosen = self.tiny if size == "tiny" else self.sizes[size]
        return ", ".join(f"{name}={number:,}" for name, number in chosen.items())


def hello(draw: Generator) -> Data:
    """One number."""
    return {"x": 3.0}


def llsq(draw: Generator, n: int, m: int = 128) -> Data:
    """The coefficients of a polynomial."""
    return {"x": draw.standard_normal(m) / np.arange(1, m + 1), "n": n}


def lse(draw: Generator, n: int) -> Data:
    """Numbers of both signs."""
    return {"x": draw.standard_normal(n)}


def ode(draw: Generator, n: int, s: int) -> Data:
    """The factors of a chain of equations, and the number of steps."""
    return {"x": draw.uniform(0.5, 1.5, n), "s": s}


def det(draw: Generator, l: int) -> Data:  # noqa: E741 - the letter of the formula
    """A matrix."""
    return {"A": draw.standard_normal(l * l), "l": l}


def kmeans(draw: Generator, n: int, k: int, d: int) -> Data:
    """Centroids and points; every centroid has points."""
    points = draw.standard_normal((n, d))
    return {"c": points[:k] + 0.01 * draw.standard_normal((k, d)), "x": points}


def gmm(draw: Generator, d: int, k: int, n: int = 1000) -> Data:
    """A mixture, points, and the parameters of a Wishart prior."""
    return {
        "alpha": draw.standard_normal(k),
        "mu": draw.uniform(0, 1, (k, d)),
        "q": 0.3 * draw.standard_normal((k, d)),
        "l": 0.3 * draw.standard_normal((k, d * (d - 1) // 2)),
        "x": draw.standard_normal((n, d)),
        "gamma": 1.0,
        "m": 0.0,
    }


def lstm(draw: Generator, l: int, c: int, b: int = 14) -> Data:  # noqa: E741
    """Weights of so many layers, a first state and a sequence of characters."""
    return {
        "main": draw.uniform(-1, 1, (2 * l, 4 * b)),
        "extra": draw.uniform(-1, 1, (3, b)),
        "state": draw.uniform(-1, 1, (2 * l, b)),
        "seq": draw.integers(0, 2, (c, b)).astype(np.float64),
    }


def saddle(draw: Generator) -> Data:
    """Where to begin."""
    return {"start": np.array([1.0, 1.0])}


def particle(draw: Generator) -> Data:
    """Where to begin."""
    return {"w0": 0.0}


def logistic(draw: Generator, n: int, d: int) -> Data:
    """Weights, and rows with their labels."""
    X = draw.standard_normal((n, d))  # noqa: N806
    w = draw.standard_normal(d) / math.sqrt(d)
    y = (draw.random(n) < 1 / (1 + np.exp(-X @ w))).astype(np.float64)
    return {"w": w, "X": X, "y": y}


def logloss(draw: Generator, n: int) -> Data:
    """Logits and labels."""
    return {"z": draw.standard_normal(n), "y": draw.integers(0, 2, n).astype(np.float64)}


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("hello", "x^2", "gradient", hello, {"small": {}}),
        Workload(
            "llsq",
            "sum_i (sign t_i - sum_j x_j t_i^j)^2 / 2, t from -1 to 1",
            "gradient",
            llsq,
            {"small": {"n": 16}, "middle": {"n": 1024}, "large": {"n": 16392}},
            tiny={"n": 5, "m": 3},
        ),
        Workload(
            "lse",
            "log sum_i exp x_i, with the maximum taken out",
            "gradient",
            lse,
            {"small": {"n": 2500}, "middle": {"n": 40_000}, "large": {"n": 1_280_000}},
            tiny={"n": 7},
        ),
        Workload(
            "ode",
            "y_n after s steps of Runge and Kutta's method for y_i' = x_i y_(i-1)",
            "gradient",
            ode,
            {
                "small": {"n": 1000, "s": 10},
                "middle": {"n": 10_000, "s": 100},
                "large": {"n": 100_000, "s": 100},
            },
            tiny={"n": 3, "s": 2},
        ),
        Workload(
            "det",
            "the determinant by minors along the first row",
            "gradient",
            det,
            {"small": {"l": 6}, "middle": {"l": 8}, "large": {"l": 10}},
            tiny={"l": 4},
        ),
        Workload(
            "kmeans",
            "sum_i min_j dot(c_j - x_i, c_j - x_i)",
            "Newton's direction: gradient over the diagonal of the Hessian",
            kmeans,
            {
                "small": {"k": 10, "n": 1000, "d": 8},
                "middle": {"k": 100, "n": 10_000, "d": 8},
                "large": {"k": 1000, "n": 10_000, "d": 16},
            },
            tiny={"k": 2, "n": 9, "d": 2},
        ),
        Workload(
            "gmm",
            "the log-likelihood of a Gaussian mixture with a Wishart prior",
            "gradient",
            gmm,
            {
                "small": {"d": 10, "k": 25},
                "middle": {"d": 20, "k": 50},
                "large": {"d": 64, "k": 100},
            },
            wrt=4,
            tiny={"d": 3, "k": 2, "n": 5},
        ),
        Workload(
            "lstm",
            "the loss of l layers of LSTM with diagonal weights over c characters",
            "gradient",
            lstm,
            {
                "small": {"l": 2, "c": 1024},
                "middle": {"l": 4, "c": 4096},
                "large": {"l": 6, "c": 8192},
            },
            wrt=2,
            tiny={"l": 2, "c": 4, "b": 3},
        ),
        Workload(
            "ba",
            "reprojection errors of bundle adjustment",
            "the Jacobian: 2 by 15 numbers for each observation, and one for each weight",
            ba,
            {
                "small": {"n": 49, "m": 7776, "p": 31_843},
                "middle": {"n": 257, "m": 65_132, "p": 225_911},
                "large": {"n": 1197, "m": 126_327, "p": 563_734},
            },
            wrt=3,
            tiny={"n": 2, "m": 3, "p": 7},
        ),
        Workload(
            "ht",
            "distances of points to a skinned mesh of a hand",
            "the Jacobian: 3n by 2 + 26",
            ht,
            {"small": {"n": 100}, "middle": {"n": 6400}, "large": {"n": 100_000}},
            wrt=2,
            tiny={"n": 3},
        ),
        Workload(
            "saddle",
            "argmin_x max_y dot(x, x) - dot(y, y) by gradient descent in gradient descent",
            "the saddle point",
            saddle,
            {"small": {}},
            has_value=False,
        ),
        Workload(
            "particle",
            "a charged particle steered to a target by gradient descent through its flight",
            "the charge's position",
            particle,
            {"small": {}},
            has_value=False,
        ),
        Workload(
            "logistic",
            "mean log(1 + exp z) - y z for z = X w, and a penalty",
            "gradient",
            logistic,
            {"large": {"n": 100_000, "d": 100}},
            tiny={"n": 6, "d": 3},
        ),
        Workload(
            "logloss",
            "sum_i log(1 + exp z_i) - y_i z_i",
            "gradient",
            logloss,
            {"large": {"n": 10_000_000}},
            tiny={"n": 9},
        ),
    )
}
