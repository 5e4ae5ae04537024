"""Elements of arrays and ends of lists, where a loop stores what it collects."""

from __future__ import annotations

from typing import NamedTuple

from gradc.targets.statements.tree import Expr


class Place(NamedTuple):
    """An element of an array, or the end of a list, that is to hold a value."""

    array: str
    rank: int  # how many axes the array has
    indices: tuple[Expr, ...]
    append: bool = False
    named: bool = True  # whether the array has a name of the author's

    def at(self, index: Expr) -> Place:
        """An element of the row that this is."""
        return self._replace(indices=(*self.indices, index))
