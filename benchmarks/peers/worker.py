"""The process of one peer and one workload: `python -m benchmarks.peers.worker MODULE ...`.

It computes the first derivative, tells when that was done, and then measures whenever a line
on standard input asks for it, so that the runner can let many such processes take turns.  One
line of JSON answers each request; whatever else a library prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SHORT = 200e-6  # seconds; shorter calls are timed several together


CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def samples(function: Callable[[], Any], seconds: float, clock: str = "wall") -> list[float]:
    """Times of one call, for as long as wished; the first call warms the caches."""
    now = CLOCKS[clock]
    start = now()
    function()
    once = now() - start
    together = max(1, int(SHORT / max(once, 1e-7)))
    if once > seconds:
        return [once]
    found = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = now()
        for _ in range(together):
            function()
        found.append((now() - start) / together)
    return found


def peak_memory() -> float:
    """The most memory in MiB that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(line[1]) / 1024 if line else float("nan")
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def load(path: Path) -> dict[str, Any]:
    """The data as the runner wrote them, numbers again as numbers."""
    found = np.load(path)
    return {name: found[name].item() if found[name].ndim == 0 else found[name] for name in found}


def main() -> None:
    """Answer requests until standard input ends."""
    module, workload, data_path, answer_path = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries may print
    start = time.monotonic()
    data = load(Path(data_path))
    reading = time.monotonic() - start

    peer = importlib.import_module(f"benchmarks.peers.{module}")
    built = peer.build(workload, data)
    found = built.gradient()
    done = time.monotonic()
    peak = peak_memory()
    if built.then is not None:
        built = built.repeated()
        found = built.gradient()  # what is timed is what is compared
    np.savez(answer_path, *built.arrays(found))
    del found
    first = {"done": done - reading, "peak": peak, "version": peer.versions()}
    print(json.dumps(first), file=answers)

    for line in sys.stdin:
        request = json.loads(line)
        function = built.value if request["what"] == "value" else built.gradient
        times = samples(function, request["seconds"], request["clock"])
        print(json.dumps({"median": statistics.median(times)}), file=answers)


if __name__ == "__main__":
    main()
