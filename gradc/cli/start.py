"""Where the command begins: an interrupt while it is still being loaded is one as well.

Invariant: nothing but Python's own modules that are loaded anyway is imported before `main` runs.
"""

from __future__ import annotations

import sys

INTERRUPTED = 130  # as shells say it: 128 and the number of the signal


def main() -> None:
    """The command `gradc`."""
    try:
        from gradc.cli.main import main as command

        command(prog_name="gradc")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
