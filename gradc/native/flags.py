"""The arguments with which C is compiled, as far as a compiler takes them.

Never `-ffast-math`: it breaks comparisons with NaN, and where it links a library it makes the
whole process take denormal numbers for zero.  `-ffp-contract=off`: a product and a sum are two
roundings, as in NumPy.  `-fwrapv`: integers wrap, as in NumPy.
"""

from __future__ import annotations

import os
from typing import NamedTuple

#: What every compiler takes.
REQUIRED = ("-std=c11", "-shared") if os.name == "nt" else ("-std=c11", "-shared", "-fPIC")

WANTED = (
    "-march=native",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fopenmp-simd",
    "-mprefer-vector-width=512",
    "-fvect-cost-model=dynamic",  # of -O3; -O2 would leave most loops as they are
    "-ffp-contract=off",
    "-fwrapv",
)

THREADS = "-fopenmp"

# How much to optimise, by the characters of the source below which that is worth its time.  The
# second is as fast as the first for the programs of GradBench, and compiles in two thirds of
# the time.
_LEVELS = (
    (16_000, ("-O3",)),
    (400_000, ("-O2", "-ftree-vectorize", "-fpeel-loops")),
    (4_000_000, ("-O1",)),
)


class Toolchain(NamedTuple):
    """A compiler's version, and which arguments it takes of those that are wanted."""

    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]

    @property
    def threads(self) -> bool:
        """Whether loops can be divided among threads."""
        return THREADS in self.flags

    def arguments(self, source: str, file: str, target: str) -> list[str]:
        """The command that compiles a file whose text is `source`."""
        found = (level for size, level in _LEVELS if len(source) < size)
        level = next(found, ("-O0",))
        return [*self.command, *REQUIRED, *level, *self.flags, "-o", target, file, "-lm"]
