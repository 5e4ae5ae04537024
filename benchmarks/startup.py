"""Start-up: whole processes beside `python -c "import click"`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.timing import processes, python

CIRCUIT = "u = b*c; v = a+u; J = 3*v\n"
GRADC = ("-c", "from gradc.cli.main import main; main()")


def main() -> None:
    """Print the median wall time of each command, and its ratio to importing click."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "circuit.g"
        program.write_text(CIRCUIT)
        medians = processes(
            {
                "import click": python("-c", "import click"),
                "gradc --help": python(*GRADC, "--help"),
                "gradc run circuit.g": python(
                    *GRADC, "run", str(program), "--inputs", "a=5", "b=3", "c=2"
                ),
            }
        )
    print("start-up                 median   ratio to `import click`")
    for name, seconds in medians.items():
        print(f"{name:<22} {seconds * 1e3:6.0f} ms   {seconds / medians['import click']:.2f}")
