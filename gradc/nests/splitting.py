"""Long functions of scalar statements in parts: `split`.

A compiler takes time that grows with the square of a function's length, or worse: it decides
which values are in registers for the function as a whole.  So the scalar statements of a long one
are moved to functions of their own, a few hundred operations each.  A value that is read in
another part than its own has a place in a shared array; a place is used again once the last part
that reads it is done.

Invariant: the statements are the same and in the same order, and every value is computed once.
Linear in the number of statements.  Deliberately absent: loops, branches, and what reads arrays of
the workspace, whose memory may be shared; they stay in the function that calls the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.model import (
    Apply,
    Assign,
    Buffer,
    CallFunction,
    Check,
    Const,
    Element,
    For,
    Function,
    Get,
    Let,
    Local,
    Shared,
    Stmt,
    Store,
)
from gradc.nests.scratch import planned
from gradc.nests.walk import bodies, buffers, expressions, locals_read, subexpressions

# Measured; see docs/c.md.
LONGEST = 1000  # operations of a function that is left whole
PART = 400  # operations of a part


class _Item(NamedTuple):
    """A statement of the function that stays, or some that become a part."""

    statements: tuple[Stmt, ...]
    moved: bool


def split(function: Function, name: str) -> Function:
    """The function, with its scalar statements in parts if there are many; these are called
    `name_part_1` and so on."""
    weights = [_operations(stmt) for stmt in function.body]
    if sum(weights) <= LONGEST:
        return function
    pinned = _pinned(function)
    items = _items(function.body, weights, pinned)
    if not any(item.moved for item in items):
        return function
    return _Splitting(function, items, name).result()


def _operations(stmt: Stmt) -> int:
    """About how much there is to compile of a statement, 0 for those that stay."""
    if not isinstance(stmt, (Let, Store, Check)):
        return 0
    return 1 + sum(isinstance(expr, Apply) for expr in subexpressions(expressions(stmt)))


def _pinned(function: Function) -> set[Local]:
    """The locals that get more than one value: what names them stays."""
    found: set[Local] = set()
    todo = list(function.body)
    while todo:
        stmt = todo.pop()
        match stmt:
            case Assign():
                found.add(stmt.local)
            case For() | Shared():
                found.update(each for each, _ in stmt.joined if isinstance(each, Local))
            case CallFunction():
                found.update(each for each in stmt.results if isinstance(each, Local))
        for body in bodies(stmt):
            todo += body
    return found


def _movable(stmt: Stmt, pinned: set[Local]) -> bool:
    if not isinstance(stmt, (Let, Store, Check)):
        return False
    if isinstance(stmt, Let) and stmt.local in pinned:
        return False
    if any(buffer.role in ("scratch", "stack") for buffer in buffers(stmt)):
        return False
    return pinned.isdisjoint(locals_read(expressions(stmt)))


def _items(body: Sequence[Stmt], weights: Sequence[int], pinned: set[Local]) -> list[_Item]:
    """The statements in runs: those that become parts, and those that stay."""
    items: list[_Item] = []
    run: list[Stmt] = []
    total = 0

    def end() -> None:
        nonlocal run, total
        if run:
            items.append(_Item(tuple(run), 2 * total >= PART))
        run, total = [], 0

    for stmt, weight in zip(body, weights, strict=True):
        if not _movable(stmt, pinned):
            end()
            items.append(_Item((stmt,), moved=False))
            continue
        run.append(stmt)
        total += weight
        if total >= PART:
            end()
    end()
    return items


class _Splitting:
    """Writes the parts and what is left of one function."""

    def __init__(self, function: Function, items: Sequence[_Item], name: str) -> None:
        self.function = function
        self.items = items
        self.name = name
        self.slots: dict[Local, Element] = {}
        self.parts = 0
        self._home = self._homes()
        self._last = self._last_readers()
        self._shared = {dtype: _Slots(dtype) for dtype in DType}

    def result(self) -> Function:
        """The function that calls the parts."""
        body: list[Stmt] = []
        ends: list[list[Local]] = [[] for _ in range(len(self.items) + 1)]
        given = _locals(self.function.parameters)
        here = set(given)
        for local in given:
            body += self._kept_for_others(local, ends)
        for number, item in enumerate(self.items):
            if item.moved:
                body.append(self._part(item, ends))
            else:
                read = _read(item.statements)
                body += self._fetched(read, here)
                body += item.statements
                for local in _defined(item.statements):
                    here.add(local)
                    body += self._kept_for_others(local, ends)
            for local in ends[number]:
                self._shared[local.dtype].free(self.slots[local])
        body += self._fetched(_locals(self.function.results), here)
        for slots in self._shared.values():
            slots.fix()
        function = self.function
        return planned(function.name, function.parameters, function.results, tuple(body))

    def _homes(self) -> dict[Local, int]:
        """The item in which each local is declared, -1 for those outside of parts."""
        homes = dict.fromkeys(_locals(self.function.parameters), -1)
        for number, item in enumerate(self.items):
            for local in _defined(item.statements):
                homes[local] = number if item.moved else -1
        return homes

    def _last_readers(self) -> dict[Local, int]:
        """For each local that is read elsewhere than where it is declared, the last such item."""
        found: dict[Local, int] = {}
        for number, item in enumerate(self.items):
            where = number if item.moved else -1
            for local in _read(item.statements):
                if self._home.get(local, where) != where:
                    found[local] = number
        for local in _locals(self.function.results):
            if self._home[local] != -1:
                found[local] = len(self.items)
        return found

    def _slot(self, local: Local, ends: list[list[Local]]) -> Element | None:
        """A place for a local that is read elsewhere."""
        last = self._last.get(local)
        if last is None:
            return None
        element = self._shared[local.dtype].take()
        self.slots[local] = element
        ends[last].append(local)
        return element

    def _kept_for_others(self, local: Local, ends: list[list[Local]]) -> Iterator[Stmt]:
        element = self._slot(local, ends)
        if element is not None:
            yield Store(element, Get(local))

    def _fetched(self, read: Iterable[Local], here: set[Local]) -> Iterator[Stmt]:
        """Declarations of the locals that are read where there are none, from their places."""
        for local in read:
            if local not in here and local in self.slots:
                here.add(local)
                yield Let(local, self.slots[local])

    def _part(self, item: _Item, ends: list[list[Local]]) -> Stmt:
        """A part as a function of its own, and its call."""
        body: list[Stmt] = []
        here: set[Local] = set()
        for stmt in item.statements:
            body += self._fetched(locals_read(expressions(stmt)), here)
            body.append(stmt)
            if isinstance(stmt, Let):
                here.add(stmt.local)
                body += self._kept_for_others(stmt.local, ends)
        named = tuple(dict.fromkeys(buffer for stmt in body for buffer in buffers(stmt)))
        written = tuple(dict.fromkeys(s.target.buffer for s in body if isinstance(s, Store)))
        self.parts += 1
        name = f"{self.name}_part_{self.parts}"
        part = Function(name, named, written, tuple(body), (), Dim.of(0), apart=True)
        return CallFunction(part, named, written)


class _Slots:
    """The shared array for values of one type."""

    def __init__(self, dtype: DType) -> None:
        self._count = 0
        self._free: list[Element] = []
        self._buffer = Buffer("shared", dtype, (Dim.of(0),), "scratch")

    def take(self) -> Element:
        """A place that nothing uses."""
        if self._free:
            return self._free.pop()
        self._count += 1
        return Element(self._buffer, (Const(self._count - 1, DType.INT),))

    def free(self, element: Element) -> None:
        """Have a place used again."""
        self._free.append(element)

    def fix(self) -> None:
        """Give the array its length."""
        self._buffer.shape = (Dim.of(self._count),)


def _locals(places: Iterable[Local | Buffer]) -> list[Local]:
    return list(dict.fromkeys(each for each in places if isinstance(each, Local)))


def _defined(statements: Iterable[Stmt]) -> Iterator[Local]:
    """The locals that statements declare, those within loops and branches excepted."""
    for stmt in statements:
        local = getattr(stmt, "local", None)
        if local is not None and not isinstance(stmt, Assign):
            yield local


def _read(statements: Iterable[Stmt]) -> dict[Local, None]:
    """The locals that statements read, those within them included."""
    found: dict[Local, None] = {}
    todo = list(statements)
    while todo:
        stmt = todo.pop()
        found.update(dict.fromkeys(locals_read(expressions(stmt))))
        for body in bodies(stmt):
            todo += body
    return found
