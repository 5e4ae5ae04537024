"""Measure: one process for each peer, all of them taking turns.

For one workload at one size every peer's process is started by itself, which gives the time to
its first derivative and the memory it needed; then all are compared, and rounds are measured in
which every peer has a short turn, so that what else the machine does hits all alike.  Nothing is
measured of a peer that disagrees: it stops the run.
"""

from __future__ import annotations

import json
import os
import platform
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.peer import ABSENT, ONE_THREAD, PEERS, Peer
from benchmarks.peers.workloads import SIZES, WORKLOADS, Workload

TOLERANCE = 1e-6
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Budget:
    """How long one workload at one size may take.

    A peer's first derivative has `first` seconds, and one that took longer, or takes `longest`
    for any, is not asked for one of a larger size; its turn in a round lasts `turn` seconds or
    one call, and there are at most `rounds`; a peer takes no more turns when it has had
    `seconds`.
    """

    first: float = 30.0
    longest: float = 3.0
    turn: float = 0.06
    rounds: int = 9
    seconds: float = 1.2
    sizes: Sequence[str] = SIZES

    def chosen(self, workload: Workload) -> list[str]:
        """The sizes to measure; the last where none of those wished is there."""
        if "tiny" in self.sizes:
            return ["tiny"]
        return [size for size in self.sizes if size in workload.sizes] or [*workload.sizes][-1:]


QUICK = Budget(first=20.0, turn=0.02, rounds=3, seconds=0.3, sizes=["middle"])


class Process:
    """A peer's process; a context that ends it."""

    def __init__(self, peer: Peer, workload: Workload, data: Path, folder: Path) -> None:
        self.peer = peer
        self.answer = folder / f"{peer.name.replace(' ', '_')}.npz"
        self.errors = (folder / "errors").open("w+")
        caches = tempfile.mkdtemp(dir=folder)  # nothing compiled before is found again
        environment = {
            **os.environ,
            **ONE_THREAD,
            **peer.environment,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "XDG_CACHE_HOME": caches,
            "TORCHINDUCTOR_CACHE_DIR": caches,
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
        }
        command = [sys.executable, "-m", "benchmarks.peers.worker", peer.module, workload.name]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*command, str(data), str(self.answer)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def hear(self, seconds: float) -> dict[str, Any] | str:
        """The next line of the process, or what became of it."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return f"over {seconds:.0f} s"
        line = self.process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return f"failed: {lines[-1] if lines else self.process.wait()}"

    def ask(self, what: str, seconds: float) -> dict[str, Any]:
        """One turn of measuring."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"what": what, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        answer = self.hear(600.0)
        if isinstance(answer, str):
            raise SystemExit(f"{self.peer.name}: {answer}")
        return answer


def measured(
    workload: Workload,
    size: str,
    peers: Sequence[Peer],
    budget: Budget,
    slow: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """One record for each peer, of what was measured or of why it was not.

    `slow` says by name why peers are left out.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        data = folder / "data.npz"
        np.savez(data, **workload.data(size))
        running: dict[str, Process] = {}
        records: dict[str, dict[str, Any]] = {}
        for peer in peers:
            record = {"workload": workload.name, "size": size, "peer": peer.name}
            records[peer.name] = record
            reason = ABSENT.get((peer.name, workload.name)) or (slow or {}).get(peer.name)
            if reason:
                record["absent"] = reason
                continue
            process = stack.enter_context(Process(peer, workload, data, folder))
            first = process.hear(budget.first)
            if isinstance(first, str):
                record["absent"] = first
                process.process.kill()
                continue
            running[peer.name] = process
            record["first"] = first["done"] - process.started
            record["peak"] = first["peak"]
            record["version"] = first["version"]
        _compare(running)
        _rounds(running, records, workload, budget)
        yield from records.values()


def _compare(running: dict[str, Process]) -> None:
    """All peers' answers with the first one's of those by hand, or the first at all."""
    reference: list[Any] | None = None
    order = sorted(running, key=lambda name: name != "NumPy by hand")
    for name in order:
        with np.load(running[name].answer) as found:
            arrays = [found[key] for key in found]
        if reference is None:
            reference = arrays
        if len(arrays) != len(reference):
            raise SystemExit(f"{name}: {len(arrays)} answers, {len(reference)} expected")
        for one, other in zip(arrays, reference, strict=True):
            scale = np.max(np.abs(other), initial=0.0)
            worst = np.max(np.abs(one.ravel() - other.ravel()), initial=0.0)
            if not worst <= TOLERANCE * scale:
                raise SystemExit(f"{name} differs from {order[0]} by {worst} of {scale}")


def _rounds(
    running: dict[str, Process],
    records: dict[str, dict[str, Any]],
    workload: Workload,
    budget: Budget,
) -> None:
    wanted = ("gradient", "value") if workload.has_value else ("gradient",)
    for name in running:
        records[name].update({what: [] for what in wanted})
    for process in running.values():
        for what in wanted:
            process.ask(what, 0.0)  # compiles the value, and warms the caches
    spent = dict.fromkeys(running, 0.0)
    for _ in range(budget.rounds):
        for name, process in running.items():
            if spent[name] > budget.seconds:
                continue
            start = time.monotonic()
            for what in wanted:
                turn = budget.turn if what == "gradient" else budget.turn / 2
                records[name][what].append(process.ask(what, turn)["median"])
            spent[name] += time.monotonic() - start


def machine() -> dict[str, Any]:
    """What it ran on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "threads": 1,
    }


def run(workloads: Iterable[str], peers: Iterable[str], budget: Budget) -> dict[str, Any]:
    """All records, and what they were measured on."""
    chosen = [PEERS[name] for name in peers]
    records: list[dict[str, Any]] = []
    start = time.monotonic()
    for name in workloads:
        workload = WORKLOADS[name]
        slow: dict[str, str] = {}
        for size in budget.chosen(workload):
            found = list(measured(workload, size, chosen, budget, slow))
            slow |= _slow(found, budget)
            records += found
            print(f"{time.monotonic() - start:6.0f} s  {name} {size}: {_line(found)}", flush=True)
    return {"machine": machine(), "records": records}


def _slow(records: list[dict[str, Any]], budget: Budget) -> dict[str, str]:
    """Why peers are not asked for more than this size, by name."""
    found = {}
    for record in records:
        if record.get("absent", "").startswith("over"):
            found[record["peer"]] = record["absent"]
        elif "gradient" in record and statistics.median(record["gradient"]) > budget.longest:
            found[record["peer"]] = f"over {budget.longest:.0f} s at a smaller size"
    return found


def _line(records: list[dict[str, Any]]) -> str:
    parts = []
    for record in records:
        if "gradient" in record:
            parts.append(f"{record['peer']} {statistics.median(record['gradient']) * 1e6:,.1f} us")
        else:
            parts.append(f"{record['peer']} ({record['absent']})")
    return ", ".join(parts)
