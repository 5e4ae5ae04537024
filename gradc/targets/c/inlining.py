"""Which nameless values are written where they are read, and not as statements of their own.

A value is, if it is read once, by a statement of the same block that comes from the same statement
of the author's, and is made of nothing that changes in between: numbers, parameters, other values,
and elements of inputs.  What is computed of what stays the same, so results do.

Expressions are kept short: none has more than so many operations.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.ir.graph import DType, Origin
from gradc.nests.model import (
    Apply,
    Assign,
    Declare,
    Element,
    Expr,
    Function,
    Get,
    Let,
    Local,
    Stmt,
    Store,
)
from gradc.nests.walk import bodies, every, expressions, locals_read, subexpressions

LARGEST = 10  # operations of an expression


def inlined(function: Function, unread: frozenset[Local]) -> dict[Local, Expr]:
    """The values that are written where they are read."""
    reads: dict[Local, int] = {}
    changing: set[Local] = set()
    for stmt in every(function.body):
        if isinstance(stmt, (Let, Declare, Assign)) and stmt.local in unread:
            continue
        if isinstance(stmt, (Declare, Assign)):
            changing.add(stmt.local)
        for local in locals_read(expressions(stmt)):
            reads[local] = reads.get(local, 0) + 1
    for result in function.results:
        if isinstance(result, Local):
            reads[result] = reads.get(result, 0) + 1
    chosen = _Chosen(unread, reads, changing)
    for body in (function.body, *(part for s in every(function.body) for part in bodies(s))):
        chosen.block(body)
    return chosen.values


class _Chosen:
    def __init__(
        self, unread: frozenset[Local], reads: dict[Local, int], changing: set[Local]
    ) -> None:
        self.unread = unread
        self.reads = reads
        self.changing = changing
        self.values: dict[Local, Expr] = {}
        self.counts: dict[Local, int] = {}  # the operations of a value, those written in it too

    def block(self, body: Iterable[Stmt]) -> None:
        """Choose among the values of one block."""
        waiting: dict[Local, Let] = {}
        for stmt in body:
            if not isinstance(stmt, (Let, Declare, Assign, Store)):
                continue
            if not isinstance(stmt, Store) and stmt.local in self.unread:
                continue
            count = sum(isinstance(e, Apply) for e in subexpressions(expressions(stmt)))
            for local in locals_read((stmt.value,)):
                let = waiting.pop(local, None)
                if let is None or not _same(let.origin, stmt.origin):
                    continue
                if count + self.counts[local] <= LARGEST:
                    count += self.counts[local]
                    self.values[local] = let.value
            if isinstance(stmt, Let) and self._may_move(stmt):
                waiting[stmt.local] = stmt
                self.counts[stmt.local] = count

    def _may_move(self, stmt: Let) -> bool:
        local = stmt.local
        named = local.var is not None and not local.var.anonymous
        if named or local.dtype is DType.INT or self.reads.get(local) != 1:
            return False
        for expr in subexpressions((stmt.value,)):
            if isinstance(expr, Get) and expr.local in self.changing:
                return False
            if isinstance(expr, Element) and expr.buffer.role != "input":
                return False
        return True


def _same(one: Origin | None, other: Origin | None) -> bool:
    return one is None or (other is not None and one.text == other.text)
