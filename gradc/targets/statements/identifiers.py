"""The identifiers of one module: the author's names where the language allows them.

A quantity without a name gets one from the statement it is a part of, numbered in the order
in which the emitted text needs them: `J_1`, `dJ_1`, `u_dot_1`.  What a loop collects of `h`, for
want of a name of its own, is `hs`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from gradc.ir.graph import Var
from gradc.targets.statements.names import NameAllocator


class Identifiers:
    """Gives every variable and every named size its identifier, the same one each time.

    `indices` are names of nothing but indices of loops; `wishes` are what nameless quantities
    are best called.
    """

    def __init__(
        self,
        reserved: Iterable[str],
        names: Iterable[str],
        indices: Container[str] = (),
        wishes: Mapping[Var, str] | None = None,
    ) -> None:
        names = tuple(names)
        self._allocator = NameAllocator(reserved, names)
        self._variables = frozenset(names)
        self._indices = indices
        self._wishes = wishes or {}
        self._anonymous: dict[Var, str] = {}
        self._counts: dict[str, int] = {}
        self._letters: list[str] = []

    def __getitem__(self, var: Var) -> str:
        if not var.anonymous:
            return self._allocator[var.name]
        if var not in self._anonymous:
            stem, _, part = var.name.partition("%")
            word = part.strip("_")
            name = self._wishes.get(var) or (f"{stem}_{word}" if word.isalpha() else None)
            stem = name or stem
            count = self._counts.get(stem, 0 if name is None else -1) + 1
            self._counts[stem] = count
            self._anonymous[var] = self._allocator.fresh(f"{stem}_{count}" if count else stem)
        return self._anonymous[var]

    def index(self, var: Var, around: Container[str]) -> str:
        """The identifier of a loop's index, another than those of the loops around.

        One of no name has that of the loop it comes from, or a letter, whatever other loops
        have: nothing reads an index after its loop.
        """
        if not var.anonymous:
            return self[var]
        stem = var.name.split("%")[0]
        if stem in self._indices and self._allocator[stem] not in around:
            return self._allocator[stem]
        for letter in self._letters:
            if letter not in around:
                return letter
        letters = (letter for letter in "ijkmn" if self._allocator.is_free(letter))
        name = next(letters, f"{stem}_{len(self._letters)}")
        self._letters.append(self._allocator.fresh(name))
        return self._letters[-1]

    def size(self, name: str) -> str:
        """The identifier of a named size, or of an input by its name."""
        return self._allocator[name]

    def dim(self, name: str) -> str:
        """The identifier of a named size, also where a quantity of a function has its name."""
        return self._allocator[f"{name}%size" if name in self._variables else name]

    @property
    def renamed(self) -> dict[str, str]:
        """Names of the author's that are spelled differently."""
        return self._allocator.renamed

    @property
    def used(self) -> Iterable[str]:
        """The identifiers of the author's names, and of those derived from them."""
        return self._allocator.used
