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
    "-ffp-contract=off",
    "-fwrapv",
)

THREADS = "-fopenmp"

#: Beyond so many characters of source, what optimising finds is not worth the wait for it.
_LONG, _HUGE = 400_000, 4_000_000


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
        size = len(source)
        level = "-O3" if size < _LONG else "-O1" if size < _HUGE else "-O0"
        return [*self.command, *REQUIRED, level, *self.flags, "-o", target, file, "-lm"]
