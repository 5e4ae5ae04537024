"""Equations about the steps of loops: their numbers, the rows that belong to them, blocks.

A loop over `start, start + step, ...` has the steps 0, 1, ...; the row of a collected quantity
that belongs to a step is the one with its number.
"""

from __future__ import annotations

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import INT, REAL, Atom, Equation, Lit, Size, Var
from gradc.ops.builder import Builder


def whole(size: Dim | int) -> Atom:
    """A size as an integer."""
    dim = Dim.of(size)
    return Size(dim, INT) if dim.constant is None else Lit(dim.constant, INT)


def step_number(b: Builder, t: Atom, start: Dim, step: int) -> Atom:
    """The number of the step at the element `t` of a range."""
    if step < 0:
        past: Atom = b.emit("sub", (whole(start), t))
    else:
        past = t if start == Dim.of(0) else b.emit("sub", (t, whole(start)))
    return past if abs(step) == 1 else b.emit("floordiv", (past, whole(abs(step))))


def element(b: Builder, number: Atom, start: Dim, step: int) -> Atom:
    """The element of a range at the step with a number."""
    past = number if step == 1 else b.emit("mul", (number, whole(step)))
    return past if start == Dim.of(0) else b.emit("add", (past, whole(start)))


def row(b: Builder, stack: Atom, number: Atom, name: str | None = None) -> Var:
    """The row of a collected quantity that belongs to a step."""
    return b.emit("gather", (stack, number), (("axes", (0,)),), name)


def row_equation(out: Var, stack: Atom, number: Atom) -> Equation:
    """The equation that defines a variable as the row that belongs to a step."""
    return Equation(out, "gather", (stack, number), (("axes", (0,)),))


def block_start(b: Builder, block: Atom, size: Dim) -> Atom:
    """The number of the first step of a block of `size` steps."""
    return block if size == Dim.of(1) else b.emit("mul", (block, whole(size)))


def block_steps(b: Builder, first: Atom, size: Dim, total: Atom) -> Atom:
    """How many of `total` steps a block has that begins with the step `first`."""
    rest = b.emit("sub", (total, first))
    full = b.emit("gt", (rest, whole(size)))
    return b.emit("select", (full, whole(size), rest))


def blocks(b: Builder, total: Atom, size: Dim) -> Atom:
    """How many blocks of `size` steps it takes for `total` steps."""
    up = b.emit("add", (total, whole(size - 1)))
    return b.emit("floordiv", (up, whole(size)))


def count(shape: Shape) -> Dim:
    """The number of elements of a shape."""
    total = Dim.of(1)
    for dim in shape:
        total = total * dim
    return total


def unit(b: Builder, place: Atom, shape: Shape) -> Atom:
    """Zeros of a shape with a one at a place, counted in row-major order."""
    if not shape:
        return Lit(1.0, REAL)
    places = b.emit("iota", (), (("size", count(shape)),))
    here = b.emit("eq", (places, place))
    flat = b.emit("select", (here, Lit(1.0), Lit(0.0)))
    return flat if len(shape) == 1 else reshaped(b, flat, shape)


def reshaped(b: Builder, value: Atom, shape: Shape) -> Atom:
    """The elements of an array in another shape."""
    return b.emit("reshape", (value,), (("shape", shape),))


def in_front(b: Builder, value: Atom, behind: int) -> Atom:
    """An array with the first so many axes moved behind the others."""
    rank = len(value.type.shape)
    if rank == behind:
        return value
    return b.emit("transpose", (value,), (("perm", (*range(behind, rank), *range(behind))),))
