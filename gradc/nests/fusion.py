"""The items of a context as statements: `joined`.

Runs of nests and of scalar statements between other statements are joined; those others stay where
they are.  Only what a context made itself, and no other statement names, may go without memory.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from gradc.ir.graph import DType
from gradc.nests.emission import statements
from gradc.nests.groups import arranged
from gradc.nests.guards import guarded
from gradc.nests.levels import used
from gradc.nests.model import (
    Assign,
    Buffer,
    Check,
    Declare,
    Element,
    Fill,
    For,
    Get,
    Let,
    Local,
    Stmt,
)
from gradc.nests.nest import Axis, Item, Nest
from gradc.nests.storage import Storage, storage
from gradc.nests.substitute import substituted
from gradc.nests.threads import shared
from gradc.nests.tree import Node
from gradc.nests.walk import buffers, every, subexpressions


def joined(items: Sequence[Item], own: Container[Buffer], outermost: bool) -> list[Stmt]:
    """Nests and statements, in order, as statements; `own` are the context's own buffers.

    What is `outermost`, in no other loop, several threads may share.
    """
    runs = _runs(items)
    seen: dict[Buffer, int] = {}
    common: set[Buffer] = set()
    for number, run in enumerate(runs):
        for item in run:
            for buffer in _named(item):
                if seen.setdefault(buffer, number) != number or not _joinable(item):
                    common.add(buffer)
    found: list[Stmt] = []
    for run in runs:
        found.extend(_joined(run, _Private((own,), common), outermost))
    return found


class _Private:
    """The buffers that only one run of nests names."""

    def __init__(self, own: Sequence[Container[Buffer]], shared: Container[Buffer]) -> None:
        self.own, self.shared = own, shared

    def __contains__(self, buffer: object) -> bool:
        return any(buffer in each for each in self.own) and buffer not in self.shared


def _joinable(item: Item) -> bool:
    """Whether an item takes part in the order of nests: of checks those of sizes, which come
    first."""
    if isinstance(item, Check):
        return not any(
            isinstance(each, (Element, Get)) for each in subexpressions((item.place, item.taken))
        )
    return isinstance(item, (Nest, Let, Declare, Assign, Fill))


def _runs(items: Sequence[Item]) -> list[list[Item]]:
    """Items that may be joined, in as few lists as possible; any other in a list of its own."""
    runs: list[list[Item]] = []
    open_run = False
    for item in items:
        if not _joinable(item):
            runs.append([item])
            open_run = False
        elif open_run:
            runs[-1].append(item)
        else:
            runs.append([item])
            open_run = True
    return runs


def _named(item: Item) -> set[Buffer]:
    """The buffers that an item names, or a statement within it."""
    if _joinable(item):
        reads, writes = used(item)
        return {thing for uses in (reads, writes) for thing in uses if isinstance(thing, Buffer)}
    assert not isinstance(item, Nest)
    return {buffer for stmt in every([item]) for buffer in buffers(stmt)}


def _joined(run: Sequence[Item], own: Container[Buffer], outermost: bool) -> list[Stmt]:
    if not any(isinstance(item, (Nest, Fill)) for item in run):
        return [item for item in run if not isinstance(item, Nest)]
    items, made = substituted(_read([_spread(item) for item in run], own), own)
    private = _Private((own, made), ())
    nodes = arranged(_read(guarded(items, private), private))
    kept = storage(nodes, private)
    found: list[Stmt] = []
    for node in nodes:
        written = statements([node], kept)
        found.extend(_for_threads(node, written, kept) if outermost else written)
    return found


def _for_threads(node: Node, written: Sequence[Stmt], kept: Storage) -> list[Stmt]:
    """The statements of a loop, which threads share where they can."""
    found: list[Stmt] = []
    for stmt in written:
        several = shared(node, stmt, kept) if isinstance(stmt, For) else None
        found.append(stmt if several is None else several)
    return found


def _read(items: Sequence[Item], private: Container[Buffer]) -> list[Item]:
    """The items without nests whose values nothing reads."""
    found: list[Item] = []
    read: set[Buffer | Local] = set()
    for item in reversed(items):
        reads, _ = used(item)
        if isinstance(item, Nest) and not item.before:
            places = [each for each in item.written if isinstance(each, Element)]
            unread = (each.buffer in private and each.buffer not in read for each in places)
            if len(places) == len(item.written) and all(unread):
                continue
        read.update(reads)
        found.append(item)
    found.reverse()
    return found


def _spread(item: Item) -> Item:
    """A statement that gives all elements one value, as a nest."""
    if not isinstance(item, Fill):
        return item
    axes = tuple(
        Axis(Local("ijkl"[n] if n < 4 else f"i{n}", DType.INT), extent)
        for n, extent in enumerate(item.buffer.shape)
    )
    target = Element(item.buffer, tuple(Get(axis.variable) for axis in axes))
    return Nest(target, axes, (), (), item.value, None, item.origin)
