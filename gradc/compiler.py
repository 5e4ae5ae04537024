"""From source text to a program that every later stage takes: checked, and without requests for
derivatives."""

from __future__ import annotations

from dataclasses import replace

from gradc.ad.expand import expand
from gradc.diagnostics import Source
from gradc.frontend.lower import check
from gradc.ir.program import Program


def compile_program(source: Source) -> Program:
    """The program in a source text.

    Raises SourceError with every mistake that was found.
    """
    program = check(source)
    graph = expand(program.graph)
    return program if graph is program.graph else replace(program, graph=graph)
