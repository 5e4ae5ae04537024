"""The Jacobian of bundle adjustment: few sweeps against one for each column.

50 cameras, 2,000 points and 10,000 observations: 30,000 rows, 16,550 columns.  The time of all
columns one by one is that of a hundred of them, scaled, since it takes minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gradc
from gradc.runtime.bind import bind
from gradc.runtime.pattern import jacobian_pattern
from gradc.runtime.sparse import SparseJacobian, fewest_sweeps
from gradc.runtime.sweeps import Sweeps

PROGRAM = Path(__file__).parent.parent / "examples" / "bundle_adjustment.g"
CAMERAS, POINTS, OBSERVATIONS = 50, 2_000, 10_000
SAMPLE = 100


def data() -> dict[str, Any]:
    """Every point seen by five cameras."""
    random = np.random.default_rng(0)
    return {
        "feat": random.normal(size=(OBSERVATIONS, 2)),
        "camera": random.integers(0, CAMERAS, OBSERVATIONS),
        "point": np.arange(OBSERVATIONS) % POINTS,
        "cam": 0.1 * random.normal(size=(CAMERAS, 11)),
        "X": random.normal(size=(POINTS, 3)) + np.array([0, 0, 5]),
        "w": np.ones(OBSERVATIONS),
    }


def main() -> None:
    """Print a table."""
    compiled = gradc.load(PROGRAM)
    program = compiled.program
    bound = bind(program.inputs, data(), program.requirements, program.source)
    sweeps = Sweeps(program, compiled.wrt, bound)
    unit = np.zeros(sweeps.columns.size)
    sweeps.forward(unit)  # emitted and loaded now

    pattern, first = _timed(lambda: jacobian_pattern(program, compiled.wrt, bound))
    assert pattern is not None
    batches, second = _timed(lambda: fewest_sweeps(pattern))
    sparse = SparseJacobian(sweeps, pattern, batches)
    entries, third = _timed(sparse.entries)
    _, again = _timed(sparse.entries)
    _, sample = _timed(lambda: [sweeps.forward(unit) for _ in range(SAMPLE)])
    height, width = entries.shape
    print(f"Jacobian of {height:,} x {width:,}, {entries.values.size:,} entries\n")
    print(f"{'':34}{'sweeps':>8}{'seconds':>10}")
    print(f"{'the pattern':34}{'':8}{first:10.2f}")
    print(f"{'which sweeps':34}{'':8}{second:10.2f}")
    print(f"{'the entries, and the check':34}{sparse.count + 1:8,}{third:10.2f}")
    print(f"{'the entries at another point':34}{sparse.count:8,}{again:10.2f}")
    print(f"{'every column by itself (scaled)':34}{width:8,}{sample * width / SAMPLE:10.2f}")


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start
