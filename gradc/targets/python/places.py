"""Elements of arrays and ends of lists, where a loop stores what it collects."""

from __future__ import annotations

from typing import NamedTuple

from gradc.targets.python.tree import Assign, Call, Expr, ExprStmt, Stmt


class Place(NamedTuple):
    """An element of an array, or the end of a list, that is to hold a value."""

    array: str
    indices: tuple[str, ...]
    append: bool = False
    named: bool = True  # whether the array has a name of the author's

    def at(self, index: str) -> Place:
        """An element of the row that this is."""
        return self._replace(indices=(*self.indices, index))

    def store(self, value: Expr, comment: str | None = None) -> Stmt:
        """The statement that puts a value there."""
        if self.append:
            return ExprStmt(Call(f"{self.array}.append", (value,)), comment)
        return Assign(f"{self.array}[{', '.join(self.indices)}]", value, comment)
