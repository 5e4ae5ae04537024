"""Nests joined into loops: `arranged`.

Nests over a common axis run in one loop, and within it, by the same rule, over the next axis.  The
axis that most of them have comes first.  Where the loop is best run in vector registers along that
axis, it runs in blocks, and the lanes of a block are the innermost loop, or an axis of a product of
matrices; where the last axis is better, its nests run row by row, and those that have no other axis
lane by lane beside them.

Deliberately absent: where values are kept (`storage`), and statements (`emission`).
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests.costs import prefers_lanes
from gradc.nests.extremes import ORDERS
from gradc.nests.guards import within_guard
from gradc.nests.lanes import UNROLLED, Traits, traits
from gradc.nests.levels import Group, Single, Wish, levels
from gradc.nests.model import Buffer, Const, Element, Expr, Fill, Get, Local
from gradc.nests.nest import Axis, Item, Nest, firsts
from gradc.nests.order import needed_first
from gradc.nests.packing import packed, summed_in_lanes
from gradc.nests.products import LANES, factors, single
from gradc.nests.searches import Searches, kept_near, narrowed
from gradc.nests.substitute import item_reads, mapped
from gradc.nests.terms import estimate, reads, replaced, replaced_target, shift
from gradc.nests.tree import Block, Lanes, Node, Plain, Product, Row
from gradc.nests.weights import Weight, weights_of

SHORT = 4  # iterations that are unrolled


def arranged(items: Sequence[Item]) -> list[Node]:
    """Items as loops that hold nests."""
    return _arrange(items, None)


def _arrange(items: Sequence[Item], block: Block | None) -> list[Node]:
    """Items within the lanes of a block, or outside of any."""
    weights, searches = weights_of(items), Searches(items)

    def wishes(item: Item) -> list[Wish]:
        return _wishes(item, weights, searches, block)

    if block is None and weights:
        outer = max(weights, key=lambda extent: weights[extent])
        items = needed_first(items, lambda item: any(w.key == outer for w in wishes(item)))
    nodes: list[Node] = []
    bottom: list[Item] = []
    for found in levels(items, wishes):
        if isinstance(found, Single):
            if block is None:
                nodes.append(found.item)
            else:
                bottom.append(found.item)
            continue
        if bottom and block is not None:
            nodes.extend(_lanes(bottom, block))
            bottom = []
        nodes.extend(_loops(found, block))
    if bottom and block is not None:
        nodes.extend(_lanes(bottom, block))
    return nodes


def _wishes(
    item: Item, weights: dict[Dim, Weight], searches: Searches, block: Block | None
) -> list[Wish]:
    """The loop that a nest is to be in: over its most common axis, outside of a block over any,
    in a block over one that is not reduced, or reduced and long."""
    if not isinstance(item, Nest):
        return []
    axes = [
        axis
        for axis in (*item.axes, *item.reduced)
        if not within_guard(item, axis) and not _in_part(item, axis)
    ]
    if not axes:
        return []

    searched = searches.along(item)

    def rank(axis: Axis) -> tuple[int, bool, Weight]:
        weight = weights[axis.extent]
        return weight.work, axis.variable not in searched, weight

    if block is not None:
        if _is_product(item, block):
            return []
        founding = [axis for axis in axes if axis in item.axes] or [
            axis for axis in axes if axis.extent.constant is None or _is_searched(item, axis)
        ]
        ordered = sorted(axes, key=rank, reverse=True)
        if not founding:
            return [Wish(axis.extent, axis.variable, founds=False) for axis in ordered]
        axes = _around_product(item, block) or founding
    best = max(axes, key=rank)
    same = [axis for axis in axes if axis.extent == best.extent]
    fed = [] if block is None else _fed(item)
    return [*fed, *(Wish(axis.extent, axis.variable) for axis in same)]


def _fed(nest: Nest) -> list[Wish]:
    """The loops over reduced axes in which the elements of an array are added up as each is
    computed: so the array, which has one for each step of the nest, need not be kept."""
    variables = {axis.variable for axis in (*nest.axes, *nest.reduced)}
    if nest.op != "add" or nest.guard is not None or not nest.axes:
        return []
    fed = frozenset(
        each.buffer
        for each in item_reads(nest)
        if variables <= {index.local for index in each.at if isinstance(index, Get)}
    )
    return [Wish(axis.extent, axis.variable, False, fed) for axis in nest.reduced if fed]


def _is_searched(nest: Nest, axis: Axis) -> bool:
    """Whether a nest looks for an extreme along an axis, too long for a loop within one of lanes:
    no compiler makes selections in vector registers there."""
    return nest.op in ORDERS and estimate(axis.extent) > UNROLLED


def _is_product(nest: Nest, block: Block) -> bool:
    """Whether a nest is a product of matrices for the lanes of a block."""
    return estimate(block.extent) >= LANES and single(nest, block.variable) is not None


def _around_product(nest: Nest, block: Block) -> list[Axis]:
    """The axes over which loops leave a product of matrices; none where there is no product."""
    found = factors(nest, block.variable) if estimate(block.extent) >= LANES else None
    if found is None or not isinstance(nest.target, Element):
        return []
    return list(found.outer(nest.target))


def _in_part(nest: Nest, axis: Axis) -> bool:
    """Whether a nest goes through a part of one of its axes."""
    return nest.part is not None and nest.part.variable is axis.variable


def _loops(group: Group, block: Block | None) -> list[Node]:
    """The loop of a group, behind what gives its accumulators their first values."""
    extent = group.key
    assert isinstance(extent, Dim)
    variable = Local(group.members[0][1].name, DType.INT)
    before: list[Item] = []
    members: list[Nest] = []
    for item, own in group.members:
        assert isinstance(item, Nest)
        inner, first = _within(item, own, variable)
        members.append(inner)
        before.extend(first)
    nodes = _arrange(before, block) if before else []
    if block is not None:
        plain = Plain(variable, extent)
        plain.children = _arrange(members, block)
        return [*nodes, plain]
    return [*nodes, _outer(variable, extent, members)]


def _outer(variable: Local, extent: Dim, members: Sequence[Nest]) -> Node:
    """A loop that no block is around."""
    flat = [nest for nest in members if not nest.axes and not nest.reduced]
    if len(flat) == len(members):
        if _short(extent) or not all(_vector(nest, variable) for nest in members):
            plain = Plain(variable, extent)
            plain.children = list(members)
            return plain
        lanes = Lanes(variable, extent, None, True)
        lanes.children = list(members)
        return lanes
    in_lanes, near = kept_near(members, variable)
    in_lanes, places = narrowed(in_lanes, variable)
    if prefers_lanes(members, in_lanes, variable, extent):
        found = Block(variable, extent, rows=False)
        in_lanes, rows = packed(in_lanes, variable)
        found.children = _arrange(in_lanes, found)
        in_lanes, sums = summed_in_lanes(in_lanes, found.children, variable)
        if sums:
            found.children = _arrange(in_lanes, found)
        found.own = [*near, *places, *rows, *sums]
        return found
    if not flat or estimate(extent) < 8:
        plain = Plain(variable, extent)
        plain.children = _arrange(members, None)
        return plain
    found = Block(variable, extent, rows=True)
    found.children = _row_by_row(members, found)
    return found


def _short(extent: Dim) -> bool:
    """Whether a loop is best unrolled: it is shorter than what vector registers are made for."""
    return extent.constant is not None and extent.constant <= SHORT


def _row_by_row(members: Sequence[Nest], block: Block) -> list[Node]:
    """Within a block: loops over other axes for each lane, and nests that have no other."""

    def wishes(item: Item) -> list[Wish]:
        assert isinstance(item, Nest)
        return [Wish(bool(item.axes or item.reduced), block.variable)]

    nodes: list[Node] = []
    for found in levels(members, wishes):
        assert isinstance(found, Group)
        items = [item for item, _ in found.members]
        if found.key:
            row = Row(block)
            row.children = _arrange(items, None)
            nodes.append(row)
        else:
            nodes.extend(_lanes(items, block))
    return nodes


def _lanes(items: Sequence[Item], block: Block) -> list[Node]:
    """Nests for each lane of a block: in vector registers, but for those that check indices, add
    at computed places, or go through a part of an axis; and products of matrices."""
    nodes: list[Node] = []
    before = Traits()
    for item in items:
        if isinstance(item, Nest) and not block.rows and _is_product(item, block):
            nodes.append(Product(item, block))
            continue
        vector = isinstance(item, Nest) and _vector(item, block.variable)
        own = traits(item, block.variable) if isinstance(item, Nest) and vector else Traits()
        last = nodes[-1] if nodes else None
        if not isinstance(last, Lanes) or last.vector != vector or own.apart(before):
            last = Lanes(block.variable, block.extent, block, vector)
            nodes.append(last)
            before = Traits()
        last.children.append(item)
        before = own.joined(before)
    return nodes


def _vector(nest: Nest, variable: Local) -> bool:
    """Whether iterations of a nest can run side by side: each writes an element of its own, or
    they join one."""
    if nest.before or nest.guard is not None or nest.part is not None:
        return False
    at = nest.target.at if isinstance(nest.target, Element) else ()
    moving = [index for index in at if reads(index, variable)]
    if not moving:
        return nest.places is None
    return nest.op is None or any(shift(index, variable) is not None for index in moving)


def _within(nest: Nest, own: Local, variable: Local) -> tuple[Nest, list[Item]]:
    """A nest within a loop over one of its axes; and the nests that give what it writes a first
    value before, where the loop is one over an axis that is reduced."""
    known: dict[Local, Expr] = {own: Get(variable)}
    axes = tuple(axis for axis in nest.axes if axis.variable is not own)
    reduced = tuple(axis for axis in nest.reduced if axis.variable is not own)
    first: list[Item] = []
    neutral = nest.neutral
    if neutral is not None and len(reduced) < len(nest.reduced):
        first.extend(_first(nest, target, value) for target, value in firsts(nest))
        neutral = None
    inner = mapped(nest, lambda expr: replaced(expr, known), target=True)
    return inner._replace(axes=axes, reduced=reduced, neutral=neutral), first


def _first(nest: Nest, target: Element | Local, value: Const) -> Nest:
    """The nest that gives what a reduction joins its first value."""
    fresh = tuple(Axis(Local(axis.variable.name, DType.INT), axis.extent) for axis in nest.axes)
    known: dict[Local, Expr] = {
        old.variable: Get(new.variable) for old, new in zip(nest.axes, fresh, strict=True)
    }
    return Nest(replaced_target(target, known), fresh, (), (), value, None, nest.origin)


def whole(nest: Nest) -> Fill | None:
    """A nest that gives all elements of a buffer one value, as a statement."""
    if nest.op is not None or not isinstance(nest.value, Const):
        return None
    if not isinstance(nest.target, Element) or not nest.axes:
        return None
    buffer: Buffer = nest.target.buffer
    at = tuple(Get(axis.variable) for axis in nest.axes)
    if nest.target.at != at or tuple(axis.extent for axis in nest.axes) != buffer.shape:
        return None
    return Fill(buffer, nest.value, nest.origin)
