"""Nests joined into loops: `joined`."""

from __future__ import annotations

from collections.abc import Iterable

from gradc.nests.model import Stmt
from gradc.nests.nest import Item, Nest, alone


def joined(items: Iterable[Item]) -> list[Stmt]:
    """Nests and statements, in order, as statements."""
    found: list[Stmt] = []
    for item in items:
        if isinstance(item, Nest):
            found.extend(alone(item))
        else:
            found.append(item)
    return found
