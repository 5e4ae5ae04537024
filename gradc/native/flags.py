"""The arguments with which C is compiled, as far as a compiler takes them.

Never `-ffast-math`: it breaks comparisons with NaN, and where it links a library it makes the
whole process take denormal numbers for zero.  `-ffp-contract=off`: a product and a sum are two
roundings, as in NumPy.  `-fwrapv`: integers wrap, as in NumPy.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import NamedTuple

#: What every compiler takes.
REQUIRED = ("-std=c11", "-shared") if os.name == "nt" else ("-std=c11", "-shared", "-fPIC")

WANTED = (
    "-march=native",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fopenmp-simd",
    "-mprefer-vector-width=512",
    "-fvect-cost-model=dynamic",  # with that of -O2 most loops would stay as they are
    "-ffp-contract=off",
    "-fwrapv",
    # gcc looks for induction variables in a time that grows with the square of a loop's accesses,
    # and worse, up to 250 of them: a loop of a hundred statements over arrays took 20 seconds.
    "--param=iv-max-considered-uses=64",
)

#: What long texts and `call.c` are compiled with besides: passes left out whose time grows faster
#: than a function.  GradBench's programs would lose up to a third of their speed.
HASTE = (
    "-fno-ivopts",
    "-fira-region=one",
    "--param=vect-epilogues-nomask=0",  # a third version of each loop
)

THREADS = "-fopenmp"

# How much to optimise, by the characters of the source below which that is worth its time.  With
# `-O3` the programs of GradBench, which have up to 45,000, are no faster, and compiling them takes
# up to a quarter longer; the second takes a third of the time of the first, and code of it a
# tenth longer than that of the first.
_LEVELS = (
    (64_000, ("-O2", "-ftree-vectorize", "-fpeel-loops")),
    (4_000_000, ("-O1", "-ftree-vectorize")),
)
_NONE = ("-O0",)
_PLAIN = ("-O1",)


class Way(Enum):
    """How a text is compiled."""

    SHARED = "its long loops for threads to share, where the compiler has them"
    ALONE = "for one thread: to call a loop that others could share takes half a microsecond"
    PLAIN = "no loop of it is worth the time of optimising it"


class Toolchain(NamedTuple):
    """A compiler's version, and which arguments it takes of those that are wanted."""

    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]

    @property
    def threads(self) -> bool:
        """Whether loops can be divided among threads."""
        return THREADS in self.flags

    def without(self, flag: str) -> Toolchain:
        """The same without one of its arguments."""
        return self._replace(flags=tuple(each for each in self.flags if each != flag))

    def arguments(self, source: str, file: str, target: str, way: Way = Way.SHARED) -> list[str]:
        """The command that compiles a file whose text is `source`."""
        found = (number for number, (size, _) in enumerate(_LEVELS) if len(source) < size)
        number = next(found, len(_LEVELS))
        level = _LEVELS[number][1] if number < len(_LEVELS) else _NONE
        flags = self.flags if way is not Way.ALONE else self.without(THREADS).flags
        if way is Way.PLAIN:
            level = _PLAIN
        elif number < len(_LEVELS) - 1:
            flags = tuple(flag for flag in flags if flag not in HASTE)
        return [*self.command, *REQUIRED, *level, *flags, "-o", target, file, "-lm"]
