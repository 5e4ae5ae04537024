"""The tool: `python -m benchmarks.gradbench [--engine ENGINE]` answers messages until they end."""

from __future__ import annotations

import argparse
import sys

from benchmarks.gradbench.engine import ENGINES, use
from benchmarks.gradbench.protocol import serve


def main() -> None:
    """Answer each line of standard input with a line on standard output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    use(parser.parse_args().engine)
    try:
        serve(sys.stdin.buffer, sys.stdout)
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)


if __name__ == "__main__":
    main()
