"""Which statement of the author's is written beside which statement of C."""

from __future__ import annotations

from gradc.ir.graph import Origin
from gradc.nests.model import Break, For, If, Shared, Stmt


class Origins:
    """Says each statement of the author's once for each run of what comes from it."""

    def __init__(self) -> None:
        self._last: str | None = None

    def said(self, origin: Origin | None) -> str | None:
        """The text to write, if it is not that of the statements right before."""
        if origin is None or origin.text == self._last:
            return None
        self._last = origin.text
        return origin.text

    def sole(self, stmt: Stmt) -> Origin | None:
        """The origin of a statement, or the only one of all statements in it."""
        if isinstance(stmt, Break):
            return None
        own = stmt.loop.origin if isinstance(stmt, Shared) else stmt.origin
        if own is not None:
            return own
        found: Origin | None = None
        todo: list[Stmt] = [stmt]
        while todo:
            part = todo.pop()
            if isinstance(part, Break):
                continue
            origin = part.loop.origin if isinstance(part, Shared) else part.origin
            if origin is not None:
                if found is not None and found.text != origin.text:
                    return None
                found = origin
            elif isinstance(part, Shared):
                todo += part.loop.body
            elif isinstance(part, For):
                todo += part.body
            elif isinstance(part, If):
                todo += (*part.then, *part.otherwise)
        return found
