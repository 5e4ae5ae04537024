"""Write `docs/benchmarks.md` and its plot of what `runner` stored, without measuring again.

The page is wholly made here; the numbers of the text are those of the tables.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers.peer import PEERS
from benchmarks.peers.workloads import SIZES, WORKLOADS

DOCS = Path(__file__).parents[2] / "docs"
STORED = DOCS / "benchmarks.json"
PAGE = DOCS / "benchmarks.md"
PLOT = DOCS / "benchmarks.svg"
OURS = "gradc"
NOTHING = "\N{EN DASH}"

Record = dict[str, Any]


class Cell(NamedTuple):
    """One workload at one size: the records of the peers by name."""

    workload: str
    size: str
    records: dict[str, Record]

    @property
    def label(self) -> str:
        """As the tables name it."""
        extent = WORKLOADS[self.workload].extent(self.size)
        return f"{self.workload} {extent}".strip()

    def gradient(self, peer: str) -> float | None:
        """The median time of a gradient, in seconds."""
        times = self.records.get(peer, {}).get("gradient")
        return statistics.median(times) if times else None

    def fastest(self) -> tuple[str, float] | None:
        """The fastest peer that is not gradc."""
        times = [
            (time, name)
            for name in self.records
            if not _ours(name) and (time := self.gradient(name))
        ]
        return min(times)[::-1] if times else None

    def ratio(self) -> float | None:
        """gradc's time in units of the fastest peer's."""
        ours, other = self.gradient(OURS), self.fastest()
        return ours / other[1] if ours and other else None


def _ours(name: str) -> bool:
    return name.split(" ")[0] == OURS


def cells(records: Iterable[Record]) -> list[Cell]:
    """The records by workload and size, in the order of the workloads."""
    found: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        found.setdefault((record["workload"], record["size"]), {})[record["peer"]] = record
    order = [(name, size) for name in WORKLOADS for size in SIZES]
    return [Cell(*key, found[key]) for key in order if key in found]


def seconds(time: float) -> str:
    """A time with three digits and its unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if time * factor >= 1 or unit == "us":
            value = time * factor
            digits = max(0, 2 - len(str(int(value))) + 1) if value >= 1 else 2
            return f"{value:.{digits}f} {unit}"
    raise AssertionError


def spread(times: Sequence[float]) -> str:
    """Half the distance of the quartiles, in percent of the median."""
    if len(times) < 3:
        return "one run" if len(times) == 1 else "two runs"
    low, middle, high = statistics.quantiles(times, n=4)
    return f"±{(high - low) / 2 / middle * 100:.0f}%"


def page(stored: dict[str, Any]) -> str:
    """The whole page."""
    found = cells(stored["records"])
    peers = [name for name in PEERS if any(name in cell.records for cell in found)]
    parts = [_opening(stored, found), _times(found, peers), _ratios(found, peers)]
    parts += [_firsts(found, peers), _memory(found, peers), _absences(found)]
    parts += [_growth(stored), _floor(stored), _workloads(found)]
    return "\n".join(part for part in parts if part)


def _opening(stored: dict[str, Any], found: list[Cell]) -> str:
    machine = stored["machine"]
    records = [record for cell in found for record in cell.records.values()]
    versions = sorted({record["version"] for record in records if "version" in record})
    first = [cell for cell in found if (ratio := cell.ratio()) and ratio < 1]
    half = [cell for cell in first if (ratio := cell.ratio()) and ratio <= 0.5]
    behind = [cell.label for cell in found if (ratio := cell.ratio()) and ratio >= 1]
    elsewhere = f" It is **not first** at {'; '.join(behind)}." if behind else ""
    clock = {
        "wall": "Times are of a clock on the wall.",
        "processor": "Times are of the processor, since the machine did other work too.",
    }[stored["clock"]]
    return f"""# Benchmarks beside other libraries

The time of a gradient by gradc, and by libraries that compute gradients from Python. Of
{len(found)} measurements gradc is first at {len(first)}, and takes at most half of the time of
the fastest other at {len(half)}.{elsewhere}

![Times in units of the fastest other library](benchmarks.svg)

* `python -m benchmarks` in a clone of the repository, with the extra `bench`, measures and
  writes this page; `--quick` takes one size of each, and prints the times only.
  `python -m benchmarks report` writes the page again from `benchmarks.json` beside it, which has
  every measurement.
* Machine: {machine["cpu"]}, {machine["cores"]} cores, {machine["system"]}.
* Python {machine["python"]}.
* Versions: {", ".join(versions)}.
* One thread for every library, numbers of 64 bits, and results waited for.
* Each library has a process of its own; all of them take turns in short rounds, so that what
  else the machine does hits all alike. A time is the median over rounds, ± half the distance of
  the quartiles. {clock}
* A gradient is the value with it. Data lie where the library wants them before the clock starts;
  gradc's calls are `prepared`, so that results are in the same arrays each time.
* Before anything is timed, all answers are compared with those of formulas by hand, or with the
  first library's where there are none; one that differs by 10⁻⁶ of the largest is left out and
  named below.
* `gradc` chooses its engine for itself, which is C for all but the smallest; `gradc (NumPy)` is
  the engine where there is no C compiler.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * 1 + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def _times(found: list[Cell], peers: list[str]) -> str:
    rows = []
    for cell in found:
        ratio, fastest = cell.ratio(), cell.fastest()
        verdict = ""
        if ratio and fastest:
            verdict = f"{ratio:.2f} of {fastest[0]}"
            if ratio >= 1:
                verdict = f"**not first:** {verdict}"
        rows.append([cell.label, *(_time(cell, name) for name in peers), verdict])
    return "## Time of a gradient\n\n" + _table(["", *peers, "gradc beside the fastest"], rows)


def _time(cell: Cell, name: str) -> str:
    time = cell.gradient(name)
    if time is None:
        return NOTHING
    return f"{seconds(time)} {spread(cell.records[name]['gradient'])}"


def _ratios(found: list[Cell], peers: list[str]) -> str:
    rows = []
    for cell in found:
        parts = []
        for name in peers:
            record = cell.records.get(name, {})
            if record.get("gradient") and record.get("value"):
                ratio = statistics.median(record["gradient"]) / statistics.median(record["value"])
                parts.append(f"{ratio:.1f}")
            else:
                parts.append(NOTHING)
        if WORKLOADS[cell.workload].has_value:
            rows.append([cell.label, *parts])
    return "## Gradient in units of the value\n\n" + _table(["", *peers], rows)


def _firsts(found: list[Cell], peers: list[str]) -> str:
    rows = []
    for cell in found:
        ours, other = _part(cell, OURS, "first"), _part(cell, "JAX", "first")
        ratio = f"{ours / other:.2f}" if ours and other else ""
        rows.append([*_row(cell, peers, "first", "{:.2f} s"), ratio])
    return (
        "## Time to the first gradient\n\nFrom the start of a process to its first gradient: "
        "interpreter, import, compiling with empty caches, and one call; without reading the "
        "data. Measured once each.\n\n" + _table(["", *peers, "gradc beside JAX"], rows)
    )


def _memory(found: list[Cell], peers: list[str]) -> str:
    rows = []
    for cell in found:
        fastest = cell.fastest()
        ours, other = _part(cell, OURS, "peak"), _part(cell, fastest[0] if fastest else "", "peak")
        ratio = f"{ours / other:.2f} of {fastest[0]}" if ours and other and fastest else ""
        rows.append([*_row(cell, peers, "peak", "{:.0f} MiB"), ratio])
    return (
        "## Peak memory\n\nOf the process up to its first gradient, with libraries and data, "
        "without that of compilers it started.\n\n"
        + _table(["", *peers, "gradc beside the fastest"], rows)
    )


def _part(cell: Cell, name: str, key: str) -> float | None:
    value: float | None = cell.records.get(name, {}).get(key)
    return value


def _row(cell: Cell, peers: list[str], key: str, form: str) -> list[str]:
    values = [_part(cell, name, key) for name in peers]
    return [cell.label, *(NOTHING if v is None else form.format(v) for v in values)]


def _absences(found: list[Cell]) -> str:
    reasons: dict[tuple[str, str], list[str]] = {}
    for cell in found:
        for name, record in cell.records.items():
            if "absent" in record:
                reasons.setdefault((name, record["absent"]), []).append(cell.label)
    rows = [[f"{name}", why, "; ".join(labels)] for (name, why), labels in reasons.items()]
    if not rows:
        return ""
    lines = [f"| {name} | {why} | {labels} |" for name, why, labels in rows]
    return (
        "## What is left out\n\n| library | why | at |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def _growth(stored: dict[str, Any]) -> str:
    if "growth" not in stored:
        return ""
    extents = stored["growth"][0]["n"]
    rows = []
    for record in stored["growth"]:
        others = "".join(f" {name}={number}" for name, number in record["others"].items())
        times = [seconds(time) for time in record["seconds"]]
        rows.append([record["workload"] + others, *times, f"{slope(record):.2f}"])
    return (
        "## Growth with the size\n\ngradc's time of a gradient over n numbers or rows, and the "
        "slope of the line through the points on log-log axes: 1 is linear.\n\n"
        + _table(["", *(f"n={n:,}" for n in extents), "slope"], rows)
    )


def slope(record: dict[str, Any]) -> float:
    """Of the line through sizes and times on log-log axes, by least squares."""
    x = [math.log(n) for n in record["n"]]
    return statistics.linear_regression(x, [math.log(t) for t in record["seconds"]]).slope


def _floor(stored: dict[str, Any]) -> str:
    if "floor" not in stored:
        return ""
    reading, gradient = stored["floor"]["reading"], stored["floor"]["gradient"]
    return (
        f"## The memory's limit\n\nA gradient of the logistic regression reads its rows, and no "
        f"program that does so takes less than reading them once. Reading them, as BLAS does for a "
        f"product of the rows with themselves, takes {seconds(reading)}; value and gradient by "
        f"gradc take {seconds(gradient)}, {gradient / reading:.2f} times that.\n"
    )


def _workloads(found: list[Cell]) -> str:
    names = list(dict.fromkeys(cell.workload for cell in found))
    lines = [
        f"| {name} | {WORKLOADS[name].formula} | {WORKLOADS[name].wanted} |".replace(
            "|x|", "\\|x\\|"
        )
        for name in names
    ]
    return (
        "## What is computed\n\nAll but `logistic` and `logloss` are evaluations of GradBench. In "
        "`det` every library computes each minor once, 2^l terms instead of l!. The code of each "
        "is in `benchmarks/peers/with_NAME.py`, and the data in `workloads.py` beside it.\n\n"
        "| | value | derivative |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def plot(stored: dict[str, Any], path: Path) -> None:
    """Times in units of the fastest other library's, and growth with the size."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"})
    found = [cell for cell in cells(stored["records"]) if cell.fastest()]
    figure, (axes, below) = pyplot.subplots(
        2,
        figsize=(9, 5.5 + 0.24 * len(found)),
        height_ratios=[0.24 * len(found) + 1, 4],
        layout="constrained",
    )
    for name in PEERS:
        points = [
            (time / fastest[1], -row)
            for row, cell in enumerate(found)
            if (time := cell.gradient(name)) and (fastest := cell.fastest())
        ]
        if points:
            style: dict[str, Any] = {"s": 16}
            if name == OURS:
                style = {"s": 40, "marker": "D", "color": "black", "zorder": 3}
            axes.scatter(*zip(*points, strict=True), label=name, **style)
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks([-row for row in range(len(found))], [cell.label for cell in found], fontsize=8)
    axes.set_ylim(-len(found), 1)
    axes.set_xlabel("time of a gradient in units of the fastest other library's")
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    axes.grid(axis="x", linewidth=0.3)
    for record in stored.get("growth", []):
        below.loglog(record["n"], record["seconds"], marker="o", label=record["workload"])
    below.set_xlabel("n")
    below.set_ylabel("seconds of a gradient by gradc")
    below.grid(linewidth=0.3)
    below.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main(stored: Path = STORED) -> None:
    """Rewrite page and plot."""
    found = json.loads(stored.read_text(encoding="utf-8"))
    PAGE.write_text(page(found), encoding="utf-8")
    plot(found, PLOT)
    print(f"wrote {PAGE.name} and {PLOT.name}")
