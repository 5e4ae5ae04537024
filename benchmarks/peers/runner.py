"""Measure: one process for each peer, all of them taking turns.

For one workload at one size every peer's process is started by itself, which gives the time to
its first derivative and the memory it needed; then all are compared, and rounds are measured in
which every peer has a short turn, so that what else the machine does hits all alike.  Nothing is
timed of a peer that disagrees: its record says by how much.
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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
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

    A peer's first derivative has `first` seconds.  Its turn in a round lasts `turn` seconds or
    one call, and there are at most `rounds`; a peer takes no more turns when it has had
    `seconds`.  One that takes more than `longest` for a derivative is measured once, and, like
    one whose first took too long, is not asked for a larger size.
    """

    first: float = 30.0
    longest: float = 2.0
    turn: float = 0.05
    rounds: int = 7
    seconds: float = 0.8
    sizes: Sequence[str] = SIZES
    clock: str = "wall"  # or "processor", of one thread, where a machine does other work too

    def chosen(self, workload: Workload) -> list[str]:
        """The sizes to measure; the last where none of those wished is there."""
        if "tiny" in self.sizes:
            return ["tiny"]
        return [size for size in self.sizes if size in workload.sizes] or [*workload.sizes][-1:]


QUICK = Budget(first=20.0, turn=0.02, rounds=3, seconds=0.6, sizes=["middle"])


class Process:
    """A peer's process; a context that ends it."""

    def __init__(self, peer: Peer, workload: Workload, data: Path, folder: Path) -> None:
        self.peer = peer
        self.answer = folder / f"{peer.name.replace(' ', '_')}.npz"
        self.errors = (folder / "errors").open("w+")
        caches = tempfile.mkdtemp(dir=folder)  # nothing compiled before is found again
        environment = {
            **_environment(),
            **peer.environment,
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

    def ask(self, what: str, seconds: float, clock: str) -> float:
        """One turn of measuring: the median time."""
        assert self.process.stdin is not None
        request = {"what": what, "seconds": seconds, "clock": clock}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.hear(600.0)
        if isinstance(answer, str):
            raise SystemExit(f"{self.peer.name}: {answer}")
        return float(answer["median"])


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
        for name, reason in _wrong(running).items():
            running.pop(name)
            kept = ("workload", "size", "peer")
            records[name] = {key: records[name][key] for key in kept} | {"absent": reason}
        _rounds(running, records, workload, budget)
        yield from records.values()


def _wrong(running: dict[str, Process]) -> dict[str, str]:
    """How the answers of peers differ from those by hand, or from the first peer's, by name."""
    reference: list[Any] | None = None
    found_wrong: dict[str, str] = {}
    order = sorted(running, key=lambda name: name != "NumPy by hand")
    for name in order:
        with np.load(running[name].answer) as found:
            arrays = [found[key] for key in found]
        if reference is None:
            reference = arrays
        if [array.size for array in arrays] != [array.size for array in reference]:
            found_wrong[name] = f"wrong: not as many numbers as {order[0]}"
            continue
        for one, other in zip(arrays, reference, strict=True):
            scale = np.max(np.abs(other), initial=0.0)
            worst = np.max(np.abs(one.ravel() - other.ravel()), initial=0.0)
            if not worst <= TOLERANCE * scale:
                found_wrong[name] = f"wrong: {worst:.1e} of {scale:.1e} from {order[0]}"
    return found_wrong


def _rounds(
    running: dict[str, Process],
    records: dict[str, dict[str, Any]],
    workload: Workload,
    budget: Budget,
) -> None:
    wanted = ("gradient", "value") if workload.has_value else ("gradient",)
    for name in running:
        records[name].update({what: [] for what in wanted})
    spent = dict.fromkeys(running, 0.0)
    for name, process in running.items():
        once = {}
        for what in wanted:
            once[what] = process.ask(what, 0.0, budget.clock)
            if once[what] > budget.longest:  # which the first call may, where it compiles
                once[what] = process.ask(what, 0.0, budget.clock)
        if max(once.values()) > budget.longest:
            spent[name] = inf
            records[name].update({what: [seconds] for what, seconds in once.items()})
    for _ in range(budget.rounds):
        for name, process in running.items():
            if spent[name] > budget.seconds:
                continue
            start = time.monotonic()
            for what in wanted:
                turn = budget.turn if what == "gradient" else budget.turn / 2
                records[name][what].append(process.ask(what, turn, budget.clock))
            spent[name] += time.monotonic() - start


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    found = {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
    found.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are loaded as from an installed package
    return found


def scaling(clock: str, sizes: int) -> dict[str, Any]:
    """What `scaling` measures of gradc alone; nothing where it fails, which it says."""
    command = [sys.executable, "-m", "benchmarks.peers.scaling", clock, str(sizes)]
    done = subprocess.run(command, env=_environment(), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print("growth and the memory's limit are left out: measuring them failed")
        return {}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


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


def run(
    workloads: Iterable[str],
    peers: Iterable[str],
    budget: Budget,
    keep: Callable[[dict[str, Any]], None] = lambda found: None,
) -> dict[str, Any]:
    """All records, and what they were measured on; `keep` is given those there are so far."""
    chosen = [PEERS[name] for name in peers]
    records: list[dict[str, Any]] = []
    whole = {"machine": machine(), "clock": budget.clock, "records": records}
    start = time.monotonic()
    for name in workloads:
        workload = WORKLOADS[name]
        slow: dict[str, str] = {}
        for size in budget.chosen(workload):
            found = list(measured(workload, size, chosen, budget, slow))
            slow |= _slow(found, budget)
            records += found
            print(f"{time.monotonic() - start:6.0f} s  {name} {size}: {_line(found)}", flush=True)
            keep(whole)
    return whole


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
