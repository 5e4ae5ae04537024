"""Sizes of emitted C: those that a file is made for, `N=100,D=3`, and what the others must be.

Invariant: `bounds` has what data are checked for before a call by gradc, and what is true of any
sizes is not among it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.dims import Dim
from gradc.ir.program import Program

LARGEST = 2**40
_DIGITS = len(str(LARGEST))


class Bound(NamedTuple):
    """What a program requires of its sizes: that one is at least as large as another.

    No factor in either is negative.
    """

    large: Dim
    small: Dim

    def __str__(self) -> str:
        """As people write it, a number last: `N >= M + 1`, `N <= 10`."""
        if self.large.constant is not None:
            return f"{self.small} <= {self.large}"
        return f"{self.large} >= {self.small}"


def bounds(program: Program, fixed: Mapping[str, int]) -> tuple[Bound, ...]:
    """What is required of the sizes that are not fixed, the strictest where there are several."""
    known = {name: Dim.of(size) for name, size in fixed.items()}
    found: dict[Dim, int] = {}  # the least value of a polynomial without a constant term
    for dim, minimum in _required(program):
        size = dim.substitute(known)
        rest = Dim({monomial: k for monomial, k in size.terms if monomial})
        constant = dict(size.terms).get((), 0)
        least = minimum * size.denominator - constant
        found[rest] = max(least, found.get(rest, least))
    return tuple(
        _bound(rest, least)
        for rest, least in found.items()
        if least > 0 or not _never_negative(rest)
    )


def _required(program: Program) -> Iterator[tuple[Dim, int]]:
    """Sizes with their least values: what accesses need, and no axis of an input is negative."""
    for need in program.requirements:
        yield need.dim, need.minimum
    for var in program.graph.inputs:
        for dim in var.type.shape:
            yield dim, 0


def _never_negative(size: Dim) -> bool:
    """Whether what is subtracted is in each term no more than a term with higher powers of the same
    sizes, as in `D**2 - D`; False where that is not enough to see it."""
    left = {monomial: k for monomial, k in size.terms if k > 0}
    for small, k in size.terms:
        for large in left if k < 0 else ():
            if {*large} == {*small} and all(large.count(n) >= small.count(n) for n in small):
                taken = min(left[large], -k)
                left[large] -= taken
                k += taken
        if k < 0:
            return False
    return True


def _bound(rest: Dim, least: int) -> Bound:
    """`rest >= least`, with what is subtracted on the other side."""
    terms = [*rest.terms, ((), -least)]
    return Bound(
        Dim({monomial: k for monomial, k in terms if k > 0}),
        Dim({monomial: -k for monomial, k in terms if k < 0}),
    )


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
        match = re.fullmatch(r"\s*(\w+)\s*=\s*([0-9]+)\s*", part)
        if match is None:
            help = "give sizes as N=100 or N=100,D=3"
            problems.append(Diagnostic("G0704", f"`{part.strip()}` is not NAME=NUMBER", help=help))
        elif match[1] not in known:
            help = f"the sizes are: {', '.join(known) or 'none'}"
            said = f"the program has no size `{match[1]}` that data give"
            problems.append(Diagnostic("G0704", said, help=help))
        elif match[1] in sizes:
            problems.append(Diagnostic("G0704", f"`{match[1]}` is given twice"))
        elif len(match[2].lstrip("0")) > _DIGITS or int(match[2]) > LARGEST:
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
