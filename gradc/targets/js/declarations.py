"""Where the names of a function are declared: `const`, or `let` where they are assigned again.

A name is declared by its first assignment in a block, and belongs to that block and those in it;
one that is assigned before in a block around, or is a parameter, is assigned.

Invariant: linear in the statements, but for the nesting of loops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gradc.targets.statements.tree import Assign, AugAssign, Count, If, Stmt, TupleAssign

# The target of what nothing reads.
UNREAD = "_"


class Declaration(NamedTuple):
    """How an assignment is written: behind a keyword, or names being declared before it."""

    keyword: str = ""
    before: tuple[str, ...] = ()


class Declarations:
    """The declarations of one function."""

    def __init__(self, params: Iterable[str], body: Sequence[Stmt]) -> None:
        self._found: dict[int, Declaration] = {}
        self._block(body, set(params))

    def of(self, stmt: Stmt) -> Declaration:
        """How an assignment is written."""
        return self._found.get(id(stmt), Declaration())

    def _block(self, body: Sequence[Stmt], visible: set[str]) -> Counter[str]:
        """Note the declarations of a block; gives how often names are assigned in it and in the
        blocks within, other than those declared there."""
        counts: Counter[str] = Counter()
        inner: list[tuple[Stmt, list[str]]] = []
        here = set(visible)
        own: set[str] = set()
        for stmt in body:
            if isinstance(stmt, (If, Count)):
                for block in _blocks(stmt):
                    counts.update(self._block(block, here))
                continue
            targets = list(_targets(stmt))
            counts.update(targets)
            new = [name for name in targets if name not in here]
            if new:
                inner.append((stmt, new))
                here.update(new)
                own.update(new)
        for stmt, new in inner:
            keyword = "const " if all(counts[name] == 1 for name in new) else "let "
            if len(new) < len(list(_targets(stmt))):
                self._found[id(stmt)] = Declaration(before=tuple(new))
            else:
                self._found[id(stmt)] = Declaration(keyword)
        return Counter({name: n for name, n in counts.items() if name not in own})


def _blocks(stmt: If | Count) -> tuple[Sequence[Stmt], ...]:
    return (stmt.body, stmt.orelse) if isinstance(stmt, If) else (stmt.body,)


def _targets(stmt: Stmt) -> Iterator[str]:
    """The names that a statement assigns to; an element of an array is none."""
    match stmt:
        case Assign() | AugAssign():
            if "[" not in stmt.target:
                yield stmt.target
        case TupleAssign():
            yield from (name for name in stmt.targets if name != UNREAD)
