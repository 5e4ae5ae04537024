"""Names of a graph into names of a program.

Invariants: two quantities of one scope never share a name; no name is a word of the language;
a name that needs no change stays as it is.  A quantity without a name gets one from the
statement that it is a part of, numbered in the order in which they are asked for: `J_1`, `dJ_1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from gradc.ir.graph import Graph, Var

# The words that the grammar keeps for itself; a test compares them with it.
KEYWORDS = frozenset(
    {
        *("dim", "input", "param", "const", "output", "in", "if", "else", "and", "or", "not"),
        *("def", "return", "with", "loop", "carry", "while", "checkpoint"),
    }
)

_INDICES = "ijklmnpqrst"


class Names:
    """Gives every quantity, function and index of a program its name."""

    def __init__(self, graph: Graph, reserved: Iterable[str] = ()) -> None:
        self._taken = {*KEYWORDS, *reserved}
        self._found: dict[Var, str] = {}
        self._renamed: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        # An author's names stay free for the author's quantities, whatever comes first.
        self._kept = {name for name in graph.names() if "%" not in name} - self._taken
        self._taken |= self._kept

    def __getitem__(self, var: Var) -> str:
        """The name of a quantity, the same each time."""
        found = self._found.get(var)
        if found is None:
            found = self._found[var] = self._new(var)
        return found

    def give(self, var: Var, name: str) -> None:
        """Let a quantity have a name that another has too: a carried one before and after."""
        self._found[var] = name

    def _new(self, var: Var) -> str:
        stem, part, _ = var.name.partition("%")
        if not part and stem in self._kept:
            self._kept.discard(stem)
            return stem
        if not part:
            found = self._renamed[stem] = self.fresh(stem)
            return found
        return self.numbered(stem)

    def fresh(self, wish: str) -> str:
        """A name that nothing has: the wish, with underscores behind it if need be."""
        while wish in self._taken:
            wish += "_"
        self._taken.add(wish)
        return wish

    def numbered(self, stem: str) -> str:
        """A new name made from another by a number."""
        while True:
            self._counts[stem] = self._counts.get(stem, 0) + 1
            name = f"{stem}_{self._counts[stem]}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def indices(self) -> Iterator[str]:
        """Names for the indices of one equation, none of which stands for anything else."""
        for round in count():
            for letter in _INDICES:
                name = f"{letter}{round}" if round else letter
                if name not in self._taken:
                    yield name

    @property
    def renamed(self) -> dict[str, str]:
        """Names that are words of the language, and what stands for them."""
        return self._renamed
