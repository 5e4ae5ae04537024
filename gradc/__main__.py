"""`python -m gradc` is the command `gradc`."""

from __future__ import annotations

from gradc.cli.start import main

main()
