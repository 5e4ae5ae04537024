"""Run the measurements and print a table: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import sys

from benchmarks import calls, compiling, jacobian, memory, ratio, rows, startup

MEASUREMENTS = {
    "startup": startup.main,
    "compiling": compiling.main,
    "calls": calls.main,
    "memory": memory.main,
    "ratio": ratio.main,
    "jacobian": jacobian.main,
    "rows": rows.main,
}


def main() -> None:
    """Run the measurements named, or all."""
    for name in sys.argv[1:] or MEASUREMENTS:
        if name not in MEASUREMENTS:
            sys.exit(f"no measurement {name!r}; there are {', '.join(MEASUREMENTS)}")
        MEASUREMENTS[name]()
        print()


if __name__ == "__main__":
    main()
