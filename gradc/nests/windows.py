"""Windows in the place of arrays that passes make for one another, block by block: `windowed`.

What a pass over an axis makes, and only passes of the same blocks read, is wanted for a block and
for the few indices by which they lag.  Here such an array is a window that goes along with the
blocks: ten arrays as long as the axis would push each other, and all else, out of the cache.  What
is still read of the last block is moved to the beginning of the window.

Invariant: an element is in the window from the pass that writes it to the last that reads it.  It
applies to vectors of the workspace that nothing else names, to all elements of which a pass gives a
value before anything reads one, and from no further behind than `KEPT`.  Deliberately absent:
arrays of several axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.counting import affine
from gradc.nests.model import Apply, Buffer, Element, Expr, For, Get, If, Local, Stmt, Store
from gradc.nests.rename import changed
from gradc.nests.tables import integer, sum_of
from gradc.nests.walk import buffers, subexpressions

if TYPE_CHECKING:
    from gradc.nests.staggered import Pass

LINE = 8  # numbers by which the beginning of a block is moved: a line of the cache
KEPT = 512  # elements that are moved for each block: more take longer than an array does


class Window(NamedTuple):
    """An array of the elements from `behind` before the first of a block on.

    Those before `kept` are moved there from the block before.
    """

    home: Buffer
    behind: int
    kept: int


def windowed(
    body: Sequence[Stmt],
    passes: Sequence[tuple[Pass, int]],
    first: Local,
    block: int,
    own: Iterable[Buffer],
) -> list[Stmt]:
    """What runs for the block that begins at `first`, with windows for arrays that only the passes
    name, which lag by so many indices."""
    found: dict[Buffer, Window] = {}
    for buffer in own:
        window = _window(buffer, passes, block)
        if window is not None:
            found[buffer] = window
    if not found:
        return list(body)
    inside = _Inside(found, first)
    within = [changed(stmt, inside.placed) for stmt in body]
    return [*_moves(found.values(), first, block), *within]


def _window(buffer: Buffer, passes: Sequence[tuple[Pass, int]], block: int) -> Window | None:
    """The window for an array; None where there is to be none."""
    if buffer.role != "scratch" or len(buffer.shape) != 1:
        return None
    naming = [
        (one, lag) for one, lag in passes if any(each.buffer is buffer for each in one.accesses)
    ]
    writer, late = naming[0]
    if writer.extent != buffer.shape[0] or not _is_made_in(buffer, writer.loop):
        return None
    behind = max(
        lag - each.offset for one, lag in naming for each in one.accesses if each.buffer is buffer
    )
    behind = -(-behind // LINE) * LINE
    if behind - late > KEPT:
        return None
    shape = (Dim.of(behind + block - late),)
    home = Buffer(buffer.name, buffer.dtype, shape, "scratch", buffer.var)
    return Window(home, behind, behind - late)


def _is_made_in(buffer: Buffer, loop: For) -> bool:
    """Whether a loop gives each element a value at its own index, before it reads any."""
    for stmt in loop.body:
        if isinstance(stmt, For):
            return False
        if isinstance(stmt, Store) and stmt.target == Element(buffer, (Get(loop.variable),)):
            read = subexpressions((stmt.value,))
            return stmt.op is None and not any(
                isinstance(each, Element) and each.buffer is buffer for each in read
            )
        if buffer in buffers(stmt):
            return False
    return False


def _moves(windows: Iterable[Window], first: Local, block: int) -> list[Stmt]:
    """Statements that move what is kept of the block before, where there was one."""
    alike: dict[int, list[Buffer]] = {}
    for each in windows:
        if each.kept:
            alike.setdefault(each.kept, []).append(each.home)
    loops: list[Stmt] = []
    for count, homes in sorted(alike.items()):
        index = Local("i", DType.INT)
        old = (sum_of(Get(index), integer(block)),)
        stores = (Store(Element(home, (Get(index),)), Element(home, old)) for home in homes)
        loops.append(For(index, integer(0), integer(count), tuple(stores), lanes=True))
    behind_another = Apply("gt", (Get(first), integer(0)), DType.BOOL)
    return [If(behind_another, tuple(loops))] if loops else []


class _Inside(NamedTuple):
    """Where elements are in the windows of the block that begins at `first`."""

    windows: Mapping[Buffer, Window]
    first: Local

    def placed(self, expr: Expr) -> Expr:
        """An expression with elements of windows in the place of those of arrays."""
        if isinstance(expr, Element):
            window = self.windows.get(expr.buffer)
            if window is None:
                return Element(expr.buffer, tuple(map(self.placed, expr.at)))
            return Element(window.home, (self._place(expr.at[0], window.behind),))
        if isinstance(expr, Apply):
            return expr._replace(args=tuple(map(self.placed, expr.args)))
        return expr

    def _place(self, index: Expr, behind: int) -> Expr:
        local, offset = affine(index)
        constant = None if offset is None else offset.constant
        if constant is None:
            return sum_of(self._from_first(index), integer(behind))
        if local is None:
            return self._from_first(integer(constant + behind))
        return sum_of(self._from_first(Get(local)), integer(constant + behind))

    def _from_first(self, index: Expr) -> Expr:
        return Apply("sub", (index, Get(self.first)), DType.INT)
