"""Going through statements and expressions: what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradc.nests.model import (
    Apply,
    Assign,
    Break,
    Buffer,
    CallFunction,
    Check,
    Copy,
    Declare,
    Element,
    Expr,
    Fill,
    For,
    Function,
    Get,
    If,
    Invoke,
    Let,
    Local,
    Shared,
    Stmt,
    Store,
)


def subexpressions(expressions: Iterable[Expr | Buffer]) -> Iterator[Expr | Buffer]:
    """Expressions and all that is in them, operands before what is beside them."""
    pending = list(expressions)
    while pending:
        expr = pending.pop()
        yield expr
        if type(expr) is Apply:  # `isinstance` would take a tenth of the time to emit C
            pending += expr.args
        elif type(expr) is Element:
            pending += expr.at


def expressions(stmt: Stmt) -> tuple[Expr | Buffer, ...]:
    """The expressions of a statement, those of statements within excepted.

    What a statement writes to is among them where that is an element; a buffer stands for all
    of its elements.
    """
    match stmt:
        case Let() | Declare() | Assign():
            return (stmt.value,)
        case Store():
            return (stmt.target, stmt.value)
        case Fill():
            return (stmt.buffer, stmt.value)
        case Copy():
            return (stmt.target, stmt.source)
        case For():
            return (stmt.start, stmt.stop)
        case Shared():
            named = (joined for joined, _ in stmt.joined if isinstance(joined, Buffer))
            return (stmt.piece, *named, *stmt.private)
        case If() | Break():
            return (stmt.condition,)
        case Check():
            return (stmt.place, stmt.taken)
        case Invoke():
            return stmt.operands
        case CallFunction():
            results = (each for each in stmt.results if not isinstance(each, Local))
            return (*stmt.arguments, *results)


def bodies(stmt: Stmt) -> tuple[tuple[Stmt, ...], ...]:
    """The lists of statements within a statement."""
    match stmt:
        case For():
            return (stmt.body,)
        case Shared():
            return ((stmt.loop,),)
        case If():
            return (stmt.then, stmt.otherwise)
        case _:
            return ()


def every(body: Iterable[Stmt]) -> Iterator[Stmt]:
    """Statements and those within them, in order."""
    pending = list(body)[::-1]
    while pending:
        stmt = pending.pop()
        yield stmt
        for inner in reversed(bodies(stmt)):
            pending.extend(reversed(inner))


def buffers(stmt: Stmt) -> Iterator[Buffer]:
    """The buffers that a statement names itself, with repetition."""
    for expr in subexpressions(expressions(stmt)):
        if isinstance(expr, Buffer):
            yield expr
        elif isinstance(expr, Element):
            yield expr.buffer


def mentions(body: Iterable[Stmt]) -> dict[Buffer, int]:
    """How often statements and those within them name each buffer."""
    found: dict[Buffer, int] = {}
    for stmt in every(body):
        for buffer in buffers(stmt):
            found[buffer] = found.get(buffer, 0) + 1
    return found


def locals_read(found: Iterable[Expr | Buffer]) -> Iterator[Local]:
    """The locals that expressions read, with repetition."""
    for expr in subexpressions(found):
        if isinstance(expr, Get):
            yield expr.local


def changed_in_place(function: Function) -> set[Local | Buffer]:
    """The buffers that are parameters of a function and results, too."""
    results: set[Local | Buffer] = {
        result for result in function.results if isinstance(result, Buffer)
    }
    return results.intersection(function.parameters)
