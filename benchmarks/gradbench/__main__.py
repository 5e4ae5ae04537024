"""The tool: `python -m benchmarks.gradbench` answers messages until they end."""

from __future__ import annotations

import argparse
import sys

from benchmarks.gradbench.engine import ENGINES, use
from benchmarks.gradbench.protocol import serve


def main() -> None:
    """Answer each line of standard input with a line on standard output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    use(options.engine, options.threads)
    try:
        serve(sys.stdin.buffer, sys.stdout)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)


if __name__ == "__main__":
    main()
