"""Products of matrices among the nests of a block: `factors`, and `call_of` for their calls.

A sum of products of two elements, where one depends on the row and the other on the column of what
is summed up, is a product of matrices.  The lanes of a block are one of its three axes: that of
the columns, as in `y[i, n] = sum[j](Q[i, j] * x[j, n])` for the lanes n, or the one that is summed,
as in `D[i, j] += sum[n](v[i, n] * x[n, j])`.  A loop over lanes loads an operand for each product
that it adds; the library holds a tile of the result in registers, and loads one for several.

It applies to blocks of `LANES` lanes, where the other two axes are no shorter than `LEAST` and have
`AREA` elements together.  Further axes are loops around.  Deliberately absent: products outside of
blocks (`matrices`), and sums of three factors, of which one must be an array first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradc.ir.graph import DType
from gradc.nests.model import Apply, Const, Element, Get, Local
from gradc.nests.nest import Axis, Nest
from gradc.nests.terms import estimate, reads

LANES = 16
LEAST = 4
AREA = 256


class Factors(NamedTuple):
    """The two factors of a sum of products over lanes and other axes, and whose axes these are.

    `lanes_summed` says that the lanes are what is summed, else they are the columns: those of
    the second factor.
    """

    left: Element
    right: Element
    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]  # further ones, where the lanes are columns
    others: tuple[Axis, ...]  # of both factors, and of the result
    lanes_summed: bool
    summed: tuple[Axis, ...]  # where that is not the lanes

    def outer(self, target: Element) -> tuple[Axis, ...]:
        """The axes over which a loop leaves a product that is large enough, with elements of a row
        of the result side by side."""
        if not self.lanes_summed:
            return (*self.others, *_spare(self.rows, self.summed), *self.columns)
        rows, columns = _spare(self.rows, self.columns), _spare(self.columns, self.rows)
        found = (*self.others, *rows, *columns)
        return tuple(axis for axis in found if target.at[-1] != Get(axis.variable))

    @property
    def alone(self) -> bool:
        """Whether there is no loop around the product."""
        return not self.others and not self.columns and len(self.rows) == 1


def factors(nest: Nest, lane: Local) -> Factors | None:
    """The factors of a sum that is one product of matrices for the lanes of a block, or many."""
    if nest.op != "add" or nest.before or nest.guard is not None or nest.part is not None:
        return None
    value, target = nest.value, nest.target
    if not isinstance(value, Apply) or value.op != "mul" or not isinstance(target, Element):
        return None
    left, right = value.args
    if not isinstance(left, Element) or not isinstance(right, Element):
        return None
    if {left.buffer.dtype, right.buffer.dtype} != {DType.REAL}:
        return None
    if target.buffer in (left.buffer, right.buffer):
        return None
    variables = {lane, *(axis.variable for axis in (*nest.axes, *nest.reduced))}
    if not all(_plain(element, variables) for element in (left, right, target)):
        return None
    if _at(left, lane) and _at(right, lane):
        return None if _at(target, lane) else _summing(nest, left, right)
    if not _at(target, lane):
        return None
    if _at(left, lane):
        left, right = right, left
    return _side_by_side(nest, left, right) if _at(right, lane) else None


def single(nest: Nest, lane: Local) -> Factors | None:
    """The factors of a sum that is one product of matrices for the lanes of a block."""
    found = factors(nest, lane)
    return found if found is not None and len(nest.axes) + len(nest.reduced) == 2 else None


def _summing(nest: Nest, left: Element, right: Element) -> Factors | None:
    """Factors both of which have the lanes."""
    if nest.reduced or nest.neutral is not None:
        return None
    found = _divided(nest, left, right, lanes_summed=True)
    if found is None or not isinstance(nest.target, Element):
        return None
    ends = [Get(axis.variable) for axis in (*found.rows, *found.columns)]
    return found if nest.target.at[-1] in ends else None


def _side_by_side(nest: Nest, left: Element, right: Element) -> Factors | None:
    """Factors of which the second has the lanes, as the result does."""
    if len(nest.reduced) != 1 or nest.neutral not in (None, Const(0.0)):
        return None
    (summed,) = nest.reduced
    if not _at(left, summed.variable) or not _at(right, summed.variable):
        return None
    return _divided(nest, left, right, lanes_summed=False)


def _divided(nest: Nest, left: Element, right: Element, lanes_summed: bool) -> Factors | None:
    rows: list[Axis] = []
    columns: list[Axis] = []
    others: list[Axis] = []
    for axis in nest.axes:
        match _at(left, axis.variable), _at(right, axis.variable):
            case True, True:
                others.append(axis)
            case True, False:
                rows.append(axis)
            case False, True:
                columns.append(axis)
            case _:
                return None
    if not _large(rows, columns if lanes_summed else nest.reduced):
        return None
    lists = (tuple(rows), tuple(columns), tuple(others))
    return Factors(left, right, *lists, lanes_summed, nest.reduced)


def _spare(axes: Sequence[Axis], across: Sequence[Axis]) -> list[Axis]:
    """The axes without which others of them, and those across, are large enough."""
    large = _large(axes, across)
    return [axis for axis in axes if axis not in large or len(large) > 1]


def _large(axes: Sequence[Axis], across: Sequence[Axis]) -> list[Axis]:
    """The axes that make a product worth it with one of those across."""
    found: list[Axis] = []
    for axis in axes:
        own = estimate(axis.extent)
        others = [estimate(other.extent) for other in across]
        if any(min(own, other) >= LEAST and own * other >= AREA for other in others):
            found.append(axis)
    return found


def _at(element: Element, variable: Local) -> bool:
    return Get(variable) in element.at


def _plain(element: Element, variables: set[Local]) -> bool:
    """Whether each of some variables is an index by itself, once, or none at all."""
    own = [index.local for index in element.at if isinstance(index, Get)]
    found = [local for local in own if local in variables]
    rest = [index for index in element.at if not (isinstance(index, Get) and index.local in found)]
    alone = not any(reads(index, variable) for index in rest for variable in variables)
    return alone and len(set(found)) == len(found)
