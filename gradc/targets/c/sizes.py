"""Sizes that a file of C is made for: `N=100,D=3`, checked against the program."""

from __future__ import annotations

import re

from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.dims import Dim
from gradc.ir.program import Program

LARGEST = 2**40


def named_sizes(program: Program) -> tuple[str, ...]:
    """The named sizes that data bind, in order of first appearance."""
    shapes = (var.type.shape for var in program.graph.inputs)
    found = (name for shape in shapes for dim in shape for name in sorted(dim.names()))
    return tuple(dict.fromkeys(found))


def read_sizes(program: Program, text: str) -> dict[str, int]:
    """The sizes that a text gives; raises UsageError for what it says wrong."""
    known = named_sizes(program)
    sizes: dict[str, int] = {}
    problems: list[Diagnostic] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*([0-9]{1,15})\s*", part)
        if match is None:
            help = "give sizes as N=100 or N=100,D=3"
            problems.append(Diagnostic("G0704", f"`{part.strip()}` is not NAME=NUMBER", help=help))
        elif match[1] not in known:
            help = f"the sizes are: {', '.join(known) or 'none'}"
            said = f"the program has no size `{match[1]}` that data give"
            problems.append(Diagnostic("G0704", said, help=help))
        elif match[1] in sizes:
            problems.append(Diagnostic("G0704", f"`{match[1]}` is given twice"))
        elif int(match[2]) > LARGEST:
            problems.append(Diagnostic("G0704", f"{match[1]} is larger than 2**40"))
        else:
            sizes[match[1]] = int(match[2])
    problems += _unmet(program, sizes)
    if problems:
        raise UsageError(problems)
    return sizes


def _unmet(program: Program, sizes: dict[str, int]) -> list[Diagnostic]:
    """What the program requires of sizes and these do not have."""
    fixed = {name: Dim.of(size) for name, size in sizes.items()}
    found = []
    for requirement in program.requirements:
        size = requirement.dim.substitute(fixed).constant
        if size is not None and size < requirement.minimum and requirement.dim.constant is None:
            found.append(
                Diagnostic("G0704", f"--sizes does not fit the program: {requirement.what}")
            )
    return found
