"""Run measurements: `python -m benchmarks [NAME ...]`.

Without names, gradc is measured beside the other libraries that are installed, and
`docs/benchmarks.md` is written; `report` writes it again of what was measured last.  Of a part of
the workloads, sizes or libraries the times are printed, and kept only by `--output`.  The other
names are measurements of gradc alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import calls, compiling, functions, jacobian, memory, ratio, rows, startup
from benchmarks.peers import report, runner
from benchmarks.peers.peer import PEERS
from benchmarks.peers.worker import CLOCKS
from benchmarks.peers.workloads import WORKLOADS

MEASUREMENTS: dict[str, Callable[[], None]] = {
    "startup": startup.main,
    "compiling": compiling.main,
    "calls": calls.main,
    "memory": memory.main,
    "ratio": ratio.main,
    "jacobian": jacobian.main,
    "functions": functions.main,
    "rows": rows.main,
    "report": report.main,
}
NAMES = ("peers", *MEASUREMENTS)


def main() -> None:
    """Run the measurements named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="one size each, no torch.compile")
    parser.add_argument("--workloads", metavar="NAME,...", default=",".join(WORKLOADS))
    parser.add_argument("--peers", metavar="NAME,...", default=",".join(PEERS))
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: if others work")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="measurements as JSON; the page is left alone"
    )
    options = parser.parse_args()
    for wanted, there in ((options.workloads, WORKLOADS), (options.peers, PEERS)):
        for name in wanted.split(","):
            if name not in there:
                parser.error(f"there is no {name!r}; there are {', '.join(there)}")
    names = options.names or ["peers"]
    for name in names:
        if name not in NAMES:
            parser.error(f"no measurement {name!r}; there are {', '.join(NAMES)}")
    page = "report" in names or ("peers" in names and _writes_page(options))
    if page and find_spec("matplotlib") is None:
        parser.error("matplotlib is not installed, and the page has a plot (see the extra `bench`)")
    for name in names:
        if name == "peers":
            _peers(options)
        else:
            MEASUREMENTS[name]()
        print()


def _writes_page(options: argparse.Namespace) -> bool:
    """Whether everything is measured, and the page written of it."""
    asked_for_all = (options.workloads, options.peers) == (",".join(WORKLOADS), ",".join(PEERS))
    return asked_for_all and not options.quick and options.output is None


def _peers(options: argparse.Namespace) -> None:
    wanted = options.peers.split(",")
    if options.quick:
        wanted = [name for name in wanted if name != "torch.compile"]  # compiles for long
    installed = [name for name in wanted if find_spec(PEERS[name].package)]
    for name in wanted:
        if name not in installed:
            print(f"{name} is not installed: left out (the extra `bench` has all)")
    budget = runner.QUICK if options.quick else runner.Budget()
    budget = replace(budget, clock=options.clock)
    writes_page = _writes_page(options)
    stored: Path | None = report.STORED if writes_page else options.output

    def keep(found: dict[str, Any]) -> None:
        if stored is not None:
            stored.write_text(json.dumps(found, indent=1), encoding="utf-8")

    found = runner.run(options.workloads.split(","), installed, budget, keep)
    if "gradc" in installed:
        found |= runner.scaling(options.clock, 2 if options.quick else 4)
    keep(found)
    if writes_page:
        report.main()
    elif options.output is None:
        print("this was a part of the measurements: docs/benchmarks.md is left as it was")


if __name__ == "__main__":
    main()
