"""Inputs of the evaluations: of GradBench's forms and sizes, and small ones for tests.

Numbers are random, from a seed; GradBench's own files of hands, cameras and text are not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator

Input = Any


class Workload(NamedTuple):
    """An input of an evaluation, and the sizes it has."""

    description: str
    input: Input


def workloads(evaluation: str, small: bool) -> Iterator[Workload]:
    """The inputs of an evaluation, one after the other."""
    make, names, sizes, smaller = _EVALUATIONS[evaluation]
    for chosen in smaller if small else sizes:
        rng = np.random.default_rng(31337)
        text = ",".join(f"{name}={size}" for name, size in zip(names, chosen, strict=True))
        yield Workload(text, make(rng, *chosen))


def _hello(rng: Generator) -> Input:
    return float(rng.normal())


def _llsq(rng: Generator, n: int, m: int) -> Input:
    return {"x": rng.random(m).tolist(), "n": n}


def _lse(rng: Generator, n: int) -> Input:
    return {"x": rng.random(n).tolist()}


def _ode(rng: Generator, n: int, s: int) -> Input:
    return {"x": rng.random(n).tolist(), "s": s}


def _det(rng: Generator, ell: int) -> Input:
    return {"A": rng.random(ell * ell).tolist(), "ell": ell}


def _kmeans(rng: Generator, k: int, n: int, d: int) -> Input:
    points = rng.random((n, d)).tolist()
    return {"points": points, "centroids": points[-k:]}


def _gmm(rng: Generator, d: int, k: int, n: int) -> Input:
    return {
        "d": d,
        "k": k,
        "n": n,
        "x": rng.normal(size=(n, d)).tolist(),
        "m": 0,
        "gamma": 1.0,
        "alpha": rng.normal(size=k).tolist(),
        "mu": rng.random((k, d)).tolist(),
        "q": rng.normal(size=(k, d)).tolist(),
        "l": rng.normal(size=(k, d * (d - 1) // 2)).tolist(),
    }


def _lstm(rng: Generator, layers: int, c: int, b: int) -> Input:
    return {
        "main_params": rng.random((2 * layers, 4 * b)).tolist(),
        "extra_params": rng.random((3, b)).tolist(),
        "state": rng.random((2 * layers, b)).tolist(),
        "sequence": rng.integers(0, 2, (c, b)).astype(float).tolist(),
    }


def _ba(rng: Generator, n: int, m: int, p: int) -> Input:
    rotation = rng.normal(size=3).tolist()
    centre = (5 * rng.normal(size=3)).tolist()
    return {
        "n": n,
        "m": m,
        "p": p,
        "cam": [*rotation, *centre, 400.0, 5.0, -8.0, 0.01, 0.002],
        "x": (10 + rng.random(3)).tolist(),
        "w": float(rng.random()),
        "feat": (300 * rng.random(2)).tolist(),
    }


def _frames(rng: Generator, count: int) -> Any:
    """Turns and shifts as matrices of four rows."""
    frames = np.tile(np.eye(4), (count, 1, 1))
    frames[:, :3, :3] = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0]
    frames[:, :3, 3] = rng.normal(size=(count, 3))
    return frames


def _ht(rng: Generator, points: int, vertices: int, on_triangles: bool) -> Input:
    bones = 22
    parents = [-1, *(0 if b % 4 == 1 else b - 1 for b in range(1, bones))]
    weights = rng.random((vertices, bones)) * (rng.random((vertices, bones)) < 0.15)
    rest = np.c_[rng.normal(size=(vertices, 3)), np.ones(vertices)]
    triangles = rng.integers(0, vertices, (2 * vertices, 3))
    model = {
        "bone_count": bones,
        "bone_names": [f"bone{b}" for b in range(bones)],
        "parents": parents,
        "base_relatives": _frames(rng, bones).tolist(),
        "inverse_base_absolutes": _frames(rng, bones).tolist(),
        "base_positions": rest.tolist(),
        "weights": weights.tolist(),
        "triangles": triangles.tolist(),
        "is_mirrored": bool(rng.random() < 0.5),
    }
    data = {
        "model": model,
        "correspondences": rng.integers(0, vertices, points).tolist(),
        "points": rng.normal(size=(points, 3)).tolist(),
    }
    us = rng.random((points, 2)).tolist() if on_triangles else []
    return {"theta": rng.normal(size=26).tolist(), "data": data, "us": us}


def _saddle(rng: Generator) -> Input:
    return {"start": [1.0, 1.0]}


def _particle(rng: Generator, w: float) -> Input:
    return {"w": w}


Sizes = Sequence[tuple[Any, ...]]

_EVALUATIONS: dict[str, tuple[Callable[..., Input], tuple[str, ...], Sizes, Sizes]] = {
    "hello": (_hello, (), [()], [()]),
    "llsq": (
        _llsq,
        ("n", "m"),
        [(n, 128) for n in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8196, 16392)],
        [(9, 5), (33, 1), (70, 12)],
    ),
    "lse": (_lse, ("n",), [(2500 * 2**k,) for k in range(10)], [(1,), (7,), (1000,)]),
    "ode": (
        _ode,
        ("n", "s"),
        list(product((1000, 10000, 100000), (1, 10, 100))),
        [(1, 1), (4, 1), (12, 4), (70, 20)],
    ),
    "det": (_det, ("ell",), [(ell,) for ell in range(5, 12)], [(1,), (2,), (5,), (7,)]),
    "kmeans": (
        _kmeans,
        ("k", "n", "d"),
        sorted(product((10, 100, 1000), (1000, 10000), (8, 16)), key=np.prod),
        [(1, 1, 1), (3, 20, 2), (10, 200, 5)],
    ),
    "gmm": (
        _gmm,
        ("d", "k", "n"),
        sorted(
            ((d, k, 1000) for d in (2, 10, 20, 32, 64) for k in (5, 10, 25, 50, 100)), key=np.prod
        ),
        [(1, 2, 3), (2, 1, 4), (3, 4, 50)],
    ),
    "lstm": (
        _lstm,
        ("l", "c", "b"),
        sorted(product((2, 4, 6), (1024, 4096, 8192), (14,)), key=np.prod),
        [(1, 2, 1), (2, 6, 5), (3, 30, 14)],
    ),
    "ba": (
        _ba,
        ("n", "m", "p"),
        [
            (49, 7776, 31843),
            (21, 11315, 36455),
            (161, 48126, 182072),
            (257, 65132, 225911),
            (93, 61203, 287451),
            (1197, 126327, 563734),
            (356, 226730, 1255268),
        ],
        [(1, 1, 1), (2, 3, 12), (3, 7, 100)],
    ),
    "ht": (
        _ht,
        ("n", "v", "us"),
        [
            (n, 544, True)
            for n in (100, 192, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 100000)
        ],
        [(1, 3, True), (40, 30, True), (40, 30, False)],
    ),
    "saddle": (_saddle, (), [()], [()]),
    "particle": (_particle, ("w",), [(0.0,)], [(0.2,)]),
}
