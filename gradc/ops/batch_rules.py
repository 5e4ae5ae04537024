"""How equations over arrays are repeated over labels: one rule for each kind of row.

A rule gets an equation that is stated for one element, its operands, each repeated over labels
of its own, and the extents of the labels.  It writes what computes all elements at once.  The
rules here leave every row its meaning and only name other axes; those of indices are in
`batch_indexing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.ir.dims import Dim, product
from gradc.ir.graph import Atom, Equation
from gradc.ops.labels import Batched, Extents, Label, aligned, shape_of, transposed, union

if TYPE_CHECKING:
    from gradc.ops.builder import Builder


def elementwise(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """Operands in line with each other; numbers that are the same for all stay numbers."""
    labels, own = union(args, extents), eq.out.type.shape
    operands = tuple(
        aligned(b, arg, labels, extents, own) if arg.atom.type.shape else arg.atom for arg in args
    )
    return Batched(b.emit(eq.op, operands, eq.params), labels)


def over_leading(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """Of a row that treats all but the last axes as many operands."""
    labels = union(args)
    operands = tuple(aligned(b, arg, labels, extents) for arg in args)
    return Batched(b.emit(eq.op, operands, eq.params), labels)


def along_axes(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """Of a reduction, whose axes are behind the labels now."""
    labels = union(args)
    operands = tuple(aligned(b, arg, labels, extents) for arg in args)
    axes = tuple(axis + len(labels) for axis in eq.param("axes"))
    return Batched(b.emit(eq.op, operands, (("axes", axes),)), labels)


def broadcast(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    (arg,) = args
    many = len(arg.labels)
    shape = (*shape_of(arg.labels, extents), *eq.param("shape"))
    axes = (*range(many), *(axis + many for axis in eq.param("axes")))
    return Batched(b.broadcast(arg.atom, shape, axes), arg.labels)


def transpose(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    (arg,) = args
    many = len(arg.labels)
    perm = (*range(many), *(axis + many for axis in eq.param("perm")))
    return Batched(transposed(b, arg.atom, perm), arg.labels)


def reshape(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    (arg,) = args
    shape = (*shape_of(arg.labels, extents), *eq.param("shape"))
    return Batched(b.emit("reshape", (arg.atom,), (("shape", shape),)), arg.labels)


def index(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    (arg,) = args
    items = (*_whole(arg.labels, extents), *eq.param("items"))
    return Batched(b.emit("index", (arg.atom,), (("items", items),)), arg.labels)


def embed(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    (arg,) = args
    shape = (*shape_of(arg.labels, extents), *eq.param("shape"))
    items = (*_whole(arg.labels, extents), *eq.param("items"))
    params = (("shape", shape), ("items", items))
    return Batched(b.emit("embed", (arg.atom,), params), arg.labels)


def _whole(labels: Sequence[Label], extents: Extents) -> list[tuple[Dim, Dim]]:
    return [(Dim.of(0), extent) for extent in shape_of(labels, extents)]


def join(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """Of operands that are joined along an axis, which is behind the labels now."""
    labels = union(args)
    operands = tuple(aligned(b, arg, labels, extents) for arg in args)
    axis = dict(eq.params).get("axis", 0) + len(labels)
    return Batched(b.emit(eq.op, operands, (("axis", axis),)), labels)


def contract(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """The labels become indices, which are kept; nothing is repeated along them."""
    operands, result = eq.param("spec").split("->")
    from string import ascii_letters

    unused = (letter for letter in ascii_letters if letter not in operands)
    labels = union(args)
    letters = dict(zip(labels, unused, strict=False))
    if len(letters) < len(labels):
        raise OverflowError(f"a product over more than {len(ascii_letters)} indices")

    def led(own: str, by: Sequence[Label]) -> str:
        return "".join(letters[label] for label in by) + own

    wholes = (led(own, arg.labels) for own, arg in zip(operands.split(","), args, strict=True))
    spec = f"{','.join(wholes)}->{led(result, labels)}"
    return Batched(b.emit("contract", tuple(a.atom for a in args), (("spec", spec),)), labels)


def solve(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """A matrix that is the same for many right-hand sides has them as columns, so that it is
    decomposed once."""
    matrix, right = args
    shared = matrix.labels
    more = tuple(label for label in right.labels if label not in shared)
    if not more:
        return over_leading(b, eq, args, extents)
    sides = aligned(b, right, (*shared, *more), extents)
    lead, columns = len(shared), len(more)
    rank = len(sides.type.shape)
    row = lead + columns
    kept = range(lead)
    added = range(lead, row)
    turned = transposed(b, sides, (*kept, row, *added, *range(row + 1, rank)))
    solved = _solved_for_columns(b, matrix.atom, turned, lead)
    back = (*kept, *(axis + 1 for axis in added), lead, *range(row + 1, rank))
    return Batched(transposed(b, solved, back), (*shared, *more))


def _solved_for_columns(b: Builder, matrix: Atom, sides: Atom, lead: int) -> Atom:
    """The solutions for right-hand sides on all axes behind that of the rows, as one matrix."""
    shape = sides.type.shape
    if len(shape) == lead + 2:
        return b.emit("solve", (matrix, sides))
    columns = (*shape[: lead + 1], product(shape[lead + 1 :]))
    flat = b.emit("reshape", (sides,), (("shape", columns),))
    return b.emit("reshape", (b.emit("solve", (matrix, flat)),), (("shape", shape),))
