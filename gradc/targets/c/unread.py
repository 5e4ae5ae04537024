"""Which locals of a function nothing needs: they are not printed, as compilers warn of them.

A local is needed where a statement that does something reads it, or one that gives a value to a
local which is needed.  Expressions have no effects, so that leaving one out changes nothing.
"""

from __future__ import annotations

from gradc.nests.model import Assign, CallFunction, Declare, Function, Let, Local, Shared
from gradc.nests.walk import every, expressions, locals_read


def unread(function: Function) -> frozenset[Local]:
    """The locals whose declarations and assignments are left out."""
    reads: dict[Local, list[Local]] = {}
    todo = [result for result in function.results if isinstance(result, Local)]
    for stmt in every(function.body):
        if isinstance(stmt, (Let, Declare, Assign)):
            reads.setdefault(stmt.local, []).extend(locals_read(expressions(stmt)))
            continue
        todo += locals_read(expressions(stmt))
        if isinstance(stmt, Shared):
            todo += [place for place, _ in stmt.joined if isinstance(place, Local)]
        elif isinstance(stmt, CallFunction):
            todo += [place for place in stmt.results if isinstance(place, Local)]
    needed: set[Local] = set()
    while todo:
        local = todo.pop()
        if local not in needed:
            needed.add(local)
            todo += reads.get(local, ())
    return frozenset(reads.keys() - needed)
