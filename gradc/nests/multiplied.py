"""A product of matrices within a block, as a call of the library: `multiplied`.

Deliberately absent: which nests are such products (`products`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gradc.ir.dims import Dim, product
from gradc.ir.graph import DType
from gradc.nests.library import workspace
from gradc.nests.model import Buffer, Element, Expr, Get, Invoke, Local
from gradc.nests.nest import size_of
from gradc.nests.products import single
from gradc.nests.storage import Storage
from gradc.nests.tables import integer
from gradc.nests.terms import estimate
from gradc.nests.tree import Block, Product

ONE = Dim.of(1)


class _Layout(NamedTuple):
    """Where a matrix begins, and how far elements are apart along each axis."""

    start: Element
    strides: dict[Local, Dim]


def multiplied(node: Product, kept: Storage, count: Expr, value: Callable[[Expr], Expr]) -> Invoke:
    """The call: columns are those along which elements of the result are side by side, if any are;
    but for a product that is done once for each block, whose larger operand is best read where it
    lies, the columns are the side that is shorter.

    `count` is the number of lanes; `value` gives an index as it is spelt within the block.
    """
    nest, block = node.nest, node.block
    found = single(nest, block.variable)
    assert found is not None
    assert isinstance(nest.target, Element)
    sizes = {axis.variable: axis.extent for axis in (*nest.axes, *nest.reduced)}
    row = found.rows[0].variable
    if found.lanes_summed:
        column, summed = found.columns[0].variable, block.variable
    else:
        column, summed = block.variable, nest.reduced[0].variable
    lines = (row, column, summed)
    left, right, target = (
        _layout(element, kept, block, lines, value)
        for element in (found.left, found.right, nest.target)
    )
    turned = target.strides[column] != ONE
    named = (*found.left.at, *found.right.at, *nest.target.at)
    if not found.lanes_summed and all(isinstance(i, Get) and i.local in lines for i in named):
        turned = estimate(sizes[row]) < block.lanes
    if turned:
        row, column, left, right = column, row, right, left

    def extent(variable: Local) -> Expr:
        return count if variable is block.variable else size_of(sizes[variable])

    bounds = [sizes.get(variable, Dim.of(block.lanes)) for variable in (row, column, summed)]
    room = (workspace("matmul", bounds),)
    node.work = Buffer("work", DType.REAL, room, "scratch")
    strides = [left.strides[row], left.strides[summed], right.strides[summed]]
    strides += [right.strides[column], target.strides[row], target.strides[column]]
    numbers = [extent(row), extent(column), extent(summed), *map(size_of, strides)]
    adds = integer(1 if nest.neutral is None else 0)
    operands = (left.start, right.start, target.start, *numbers, adds, node.work)
    return Invoke("matmul", operands, nest.origin)


def _layout(
    element: Element,
    kept: Storage,
    block: Block,
    lines: tuple[Local, ...],
    value: Callable[[Expr], Expr],
) -> _Layout:
    """A matrix that is what an element is along some axes, one of them the lanes of a block."""
    buffer, at = element.buffer, element.at
    first = integer(0) if block.lane is block.variable else Get(block.start)
    small = kept.kept.get(buffer)
    if small is not None:
        assert isinstance(small.home, Buffer)
        buffer, at = small.home, tuple(at[axis] for axis in small.axes)
        if small.block is block:
            first, lane = integer(0), Get(block.variable)
            at = (*at, lane)
        elif small.block is not None:
            lane = Get(small.block.lane)
            at = (lane, *at) if small.block.rows else (*at, lane)
    strides: dict[Local, Dim] = {}
    start: list[Expr] = []
    for number, index in enumerate(at):
        if isinstance(index, Get) and index.local in lines:
            strides[index.local] = product(buffer.shape[number + 1 :])
            start.append(first if index.local is block.variable else integer(0))
        else:
            start.append(value(index))
    return _Layout(Element(buffer, tuple(start)), strides)
