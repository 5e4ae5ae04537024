"""`python -m gradc` is the command `gradc`."""

from __future__ import annotations

from gradc.cli.main import main

main(prog_name="gradc")
