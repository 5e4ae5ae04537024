"""Copies of plain statements: with locals of their own (`renamed`), or with other expressions
(`changed`).
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.nests.model import (
    Assign,
    Declare,
    Element,
    Expr,
    For,
    Get,
    If,
    Let,
    Local,
    Stmt,
    Store,
)
from gradc.nests.terms import replaced

Known = dict[Local, Expr]


def renamed(stmt: Stmt, known: Known) -> Stmt:
    """A copy of a plain statement.

    `known` says what stands for locals; those that the statement declares are added.  Only
    statements that name no function and check nothing are plain.
    """
    match stmt:
        case Let() | Declare():
            value = replaced(stmt.value, known)
            return stmt._replace(local=_declared(stmt.local, known), value=value)
        case Assign():
            target = replaced(Get(stmt.local), known)
            assert isinstance(target, Get)
            return stmt._replace(local=target.local, value=replaced(stmt.value, known))
        case Store():
            target = replaced(stmt.target, known)
            assert isinstance(target, Element)
            return stmt._replace(target=target, value=replaced(stmt.value, known))
        case For():
            start, stop = replaced(stmt.start, known), replaced(stmt.stop, known)
            variable = _declared(stmt.variable, known)
            body = tuple(renamed(each, known) for each in stmt.body)
            joined = tuple((_local(local, known), op) for local, op in stmt.joined)
            return stmt._replace(
                variable=variable, start=start, stop=stop, body=body, joined=joined
            )
        case If():
            condition = replaced(stmt.condition, known)
            then = tuple(renamed(each, known) for each in stmt.then)
            otherwise = tuple(renamed(each, known) for each in stmt.otherwise)
            return stmt._replace(condition=condition, then=then, otherwise=otherwise)
        case _:
            raise TypeError(f"{type(stmt).__name__} is no plain statement")


def changed(stmt: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """A plain statement with its expressions changed; an element that it writes stays one."""
    match stmt:
        case Let() | Declare() | Assign():
            return stmt._replace(value=change(stmt.value))
        case Store():
            target = change(stmt.target)
            assert isinstance(target, Element)
            return stmt._replace(target=target, value=change(stmt.value))
        case For():
            body = tuple(changed(each, change) for each in stmt.body)
            return stmt._replace(start=change(stmt.start), stop=change(stmt.stop), body=body)
        case If():
            then = tuple(changed(each, change) for each in stmt.then)
            otherwise = tuple(changed(each, change) for each in stmt.otherwise)
            return stmt._replace(condition=change(stmt.condition), then=then, otherwise=otherwise)
        case _:
            raise TypeError(f"{type(stmt).__name__} is no plain statement")


def _declared(local: Local, known: Known) -> Local:
    copy = Local(local.name, local.dtype, local.var)
    known[local] = Get(copy)
    return copy


def _local(local: Local, known: Known) -> Local:
    found = replaced(Get(local), known)
    assert isinstance(found, Get)
    return found.local
