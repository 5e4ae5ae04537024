"""Loops that hold nests, as statements: `statements`.

What lanes add to one place is added up in a local of its own, and joined to the place behind the
loop.

Deliberately absent: every choice of loops, what is kept where, and expressions (`values`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradc.ir.graph import DType
from gradc.nests.extremes import (
    ORDERS,
    Place,
    best_of_lanes,
    extreme,
    first_best,
    joined_best,
    placed,
    put,
)
from gradc.nests.groups import whole
from gradc.nests.guards import within_guard
from gradc.nests.model import (
    Apply,
    Assign,
    Const,
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
from gradc.nests.multiplied import multiplied
from gradc.nests.nest import Axis, Nest, Places, around, firsts, size_of
from gradc.nests.storage import MOST_LANES, Storage
from gradc.nests.tables import integer, neutral_of, sum_of
from gradc.nests.terms import reads
from gradc.nests.tree import Block, Lanes, Loop, Node, Plain, Product, Row
from gradc.nests.values import Values
from gradc.nests.walk import every, expressions, locals_read

TESTED = 16  # lanes of which one test says whether a guard holds for any


def statements(nodes: Iterable[Node], kept: Storage) -> list[Stmt]:
    """A tree of loops as statements."""
    return _Emission(kept).nodes(nodes)


class _Emission(Values):
    def nodes(self, nodes: Iterable[Node]) -> list[Stmt]:
        """Loops and nests, in order."""
        found: list[Stmt] = []
        for node in nodes:
            if self.is_left_out(node):
                continue
            match node:
                case Block():
                    found.extend(self.block(node))
                case Lanes():
                    found.extend(self.lanes(node))
                case Row():
                    body = self.nodes(node.children)
                    found.append(_each_lane(node.block, body, False, ()))
                case Plain():
                    body = self.nodes(node.children)
                    found.append(For(node.variable, integer(0), size_of(node.extent), tuple(body)))
                case Product():
                    found.append(self.product(node))
                case Nest():
                    fill = whole(node)
                    filled = fill is not None and fill.buffer not in self.kept.kept
                    found.extend([fill] if filled and fill is not None else self.alone(node))
                case _:
                    found.append(node)
        return found

    def is_left_out(self, node: Node) -> bool:
        """Whether nothing reads what a nest writes, or any of those of loops."""
        if isinstance(node, Nest):
            target = node.target
            return isinstance(target, Element) and target.buffer in self.kept.unread
        return isinstance(node, Loop) and all(map(self.is_left_out, node.children))

    # Loops

    def block(self, block: Block) -> list[Stmt]:
        """A loop over blocks; none where there is a single one."""
        extent = size_of(block.extent)
        if block.extent.constant == block.lanes:
            block.lane = block.variable
            return self.nodes(block.children)
        body = self.nodes(block.children)
        first = Let(block.count, _count(block))
        return [For(block.start, integer(0), extent, (first, *body), step=block.lanes)]

    def lanes(self, loop: Lanes) -> list[Stmt]:
        """A loop over lanes, between the first values of what they join and its use."""
        before: list[Stmt] = []
        body: list[Stmt] = []
        behind: list[Stmt] = []
        joined: list[tuple[Local, str]] = []
        wide = _in_blocks(loop)
        for nest in loop.children:
            assert isinstance(nest, Nest)
            if self.is_left_out(nest):
                continue
            alone = nest.op is None or nest.neutral is not None or nest.guard is not None
            alone = alone or nest.places is not None
            if alone or not _together(nest, loop.variable):
                body.extend(self.alone(nest))
                continue
            assert nest.op is not None
            dtype = _dtype(nest)
            part = Local("part", dtype)
            if wide is not None and nest.op in ORDERS:
                best = best_of_lanes(dtype)
                before.append(first_best(best, neutral_of(nest.op, dtype)))
                body.extend(self.extreme(nest, Element(best, (Get(wide.lane),))))
                behind.append(Declare(part, neutral_of(nest.op, dtype)))
                behind.append(joined_best(best, part, nest.op))
                behind.append(put(self.target(nest.target), Get(part), nest.op))
                continue
            before.append(Declare(part, neutral_of(nest.op, dtype), nest.origin))
            inner = [*self.checks(nest), *self.assigned(part, nest)]
            body.extend(around(nest.reduced, inner))
            behind.append(put(self.target(nest.target), Get(part), nest.op))
            joined.append((part, nest.op))
        if loop.block is not None:
            whole_loop = _each_lane(loop.block, body, loop.vector, tuple(joined))
            only = loop.children[0]
            if len(loop.children) == 1 and isinstance(only, Nest) and only.guard is not None:
                axes = (*only.axes, *only.reduced)
                if all(within_guard(only, axis) for axis in axes):
                    return self.where_any(loop, only.guard, whole_loop)
        elif wide is not None:
            inner_loop = _each_lane(wide, body, loop.vector, tuple(joined))
            steps = (Let(wide.count, _count(wide)), inner_loop)
            stop = size_of(loop.extent)
            whole_loop = For(wide.start, integer(0), stop, steps, step=wide.lanes)
        else:
            stop = size_of(loop.extent)
            whole_loop = For(
                loop.variable,
                integer(0),
                stop,
                tuple(body),
                lanes=loop.vector,
                joined=tuple(joined),
            )
        return [*before, whole_loop, *behind]

    def extreme(self, nest: Nest, so_far: Element) -> list[Stmt]:
        """Statements that give an element the more extreme of its value and that of a nest."""
        body: list[Stmt] = []
        value = self.held(nest, body)
        assert nest.op is not None
        body.append(Store(so_far, extreme(value, so_far, nest.op), None, nest.origin))
        return around(nest.reduced, body)

    def product(self, node: Product) -> Stmt:
        """A call of the library."""
        block = node.block
        count = integer(block.lanes) if block.lane is block.variable else Get(block.count)
        return multiplied(node, self.kept, count, self.value)

    # Nests that have reduced axes at most

    def alone(self, nest: Nest) -> list[Stmt]:
        """One element of a nest, or what it adds to one."""
        if nest.guard is not None:
            return self.guarded(nest, nest.guard)
        if nest.places is not None:
            return self.placed(nest, nest.places)
        if nest.op is None or not nest.reduced:
            body = [*self.checks(nest)]
            if nest.op in ORDERS:
                value = self.held(nest, body)
            else:
                value = self.named(self.value(nest.value), body)
            return [*body, self.stored(nest, value)]
        first = nest.neutral or neutral_of(nest.op, _dtype(nest))
        total = Local("total", first.dtype)
        inner = [*self.checks(nest), *self.assigned(total, nest)]
        op = None if nest.neutral is not None else nest.op
        return [
            Declare(total, first, nest.origin),
            *self.around(nest, nest.reduced, inner),
            self.stored(nest._replace(op=op, origin=None), Get(total)),
        ]

    def around(self, nest: Nest, axes: Sequence[Axis], body: Sequence[Stmt]) -> list[Stmt]:
        """Statements within loops over axes of a nest, one of which it may go through in part."""
        found = list(body)
        for axis in reversed(axes):
            start: Expr = integer(0)
            stop = size_of(axis.extent)
            if nest.part is not None and nest.part.variable is axis.variable:
                start = self.value(nest.part.first)
                stop = sum_of(self.value(nest.part.last), integer(1))
            found = [For(axis.variable, start, stop, tuple(found))]
        return found

    def placed(self, nest: Nest, places: Places) -> list[Stmt]:
        """An extreme and where it is attained, or what becomes of them with one more value."""
        if not nest.reduced:
            last = None if places.last is None else self.target(places.last)
            first = self.target(places.first)
            return self.compared(nest, places, self.target(nest.target), first, last)
        before: list[Stmt] = []
        behind: list[Stmt] = []
        so_far: list[Local] = []
        for (place, value), name in zip(firsts(nest), ("best", "first", "last"), strict=False):
            local = Local(name, value.dtype)
            so_far.append(local)
            before.append(Declare(local, value, nest.origin if place is nest.target else None))
            behind.append(
                self.stored(nest._replace(target=place, op=None, origin=None), Get(local))
            )
        best, first, *rest = so_far
        inner = self.compared(nest, places, best, first, rest[0] if rest else None)
        return [*before, *around(nest.reduced, inner), *behind]

    def compared(
        self, nest: Nest, places: Places, best: Place, first: Place, last: Place | None
    ) -> list[Stmt]:
        """Statements that compare the value of a nest with the extreme so far."""
        assert nest.op is not None
        body: list[Stmt] = []
        value = self.held(nest, body)
        return [*body, *placed(value, self.value(places.at), best, first, last, nest.op)]

    def guarded(self, nest: Nest, guard: Expr) -> list[Stmt]:
        """What a nest adds where its guard holds."""
        outer = [axis for axis in (*nest.axes, *nest.reduced) if not within_guard(nest, axis)]
        inner = [axis for axis in (*nest.axes, *nest.reduced) if within_guard(nest, axis)]
        found: list[Stmt] = []
        if nest.neutral is not None:
            first = nest._replace(guard=None, op=None, reduced=(), before=())
            found = around(nest.axes, [self.stored(first, nest.neutral)])
        bare = nest._replace(guard=None, neutral=None, axes=(), reduced=())
        adding = tuple(around(inner, self.alone(bare)))
        return [*found, *self.around(nest, outer, [If(self.value(guard), adding, (), nest.origin)])]

    def where_any(self, loop: Lanes, guard: Expr, body: For) -> list[Stmt]:
        """A loop over lanes that does something only where a guard holds: whether it does for any
        of a few lanes is found in vector registers first."""
        block = loop.block
        assert block is not None
        count, first = Local("taken", DType.REAL), Local("first", DType.INT)
        end = Local("end", DType.INT)
        tested = Assign(count, Apply("real", (self.value(guard),)), "add")
        scan = _each_lane(block, [tested], True, ((count, "add"),))
        some = Apply("gt", (Get(count), Const(0.0)), DType.BOOL)
        left = Apply("sub", (scan.stop, Get(first)), DType.INT)
        few = Apply("lt", (left, integer(TESTED)), DType.BOOL)
        last = Apply("select", (few, scan.stop, sum_of(Get(first), integer(TESTED))), DType.INT)
        part: list[Stmt] = [Let(end, last), Declare(count, Const(0.0))]
        part.append(scan._replace(start=Get(first), stop=Get(end)))
        part.append(If(some, (body._replace(start=Get(first), stop=Get(end)),)))
        return [For(first, integer(0), scan.stop, tuple(part), step=TESTED)]

    def assigned(self, local: Local, nest: Nest) -> list[Stmt]:
        """Statements that join the value of a nest to a local."""
        body: list[Stmt] = []
        value = self.named(self.value(nest.value), body)
        return [*body, Assign(local, value, nest.op, nest.origin)]


def _in_blocks(loop: Lanes) -> Block | None:
    """The blocks of a long loop that looks for extreme elements: one for each lane of a block, so
    that a comparison need not wait for the one before."""
    extremes = any(isinstance(nest, Nest) and nest.op in ORDERS for nest in loop.children)
    if loop.block is not None or not loop.vector or not extremes:
        return None
    if loop.extent.constant is not None:
        return None
    block = Block(loop.variable, loop.extent, rows=False)
    block.lanes = MOST_LANES
    return block


def _count(block: Block) -> Expr:
    """How many lanes a block has: fewer at the end of the axis."""
    lanes = integer(block.lanes)
    fixed = block.extent.constant
    if fixed is not None and fixed % block.lanes == 0:
        return lanes
    rest = Apply("sub", (size_of(block.extent), Get(block.start)), DType.INT)
    few = Apply("lt", (rest, lanes), DType.BOOL)
    return Apply("select", (few, rest, lanes), DType.INT)


def _together(nest: Nest, variable: Local) -> bool:
    """Whether all lanes join one element."""
    at = nest.target.at if isinstance(nest.target, Element) else ()
    return not any(reads(index, variable) for index in at)


def _each_lane(
    block: Block, body: Sequence[Stmt], vector: bool, joined: tuple[tuple[Local, str], ...]
) -> For:
    """A loop over the lanes of a block; the index on the axis is computed where it is read."""
    read = {local for stmt in every(body) for local in locals_read(expressions(stmt))}
    found = list(body)
    stop: Expr = Get(block.count)
    if block.lane is block.variable:
        stop = integer(block.lanes)
    elif block.variable in read:
        found.insert(0, Let(block.variable, sum_of(Get(block.start), Get(block.lane))))
    return For(block.lane, integer(0), stop, tuple(found), lanes=vector, joined=joined)


def _dtype(nest: Nest) -> DType:
    target = nest.target
    return target.dtype if isinstance(target, Local) else target.buffer.dtype
