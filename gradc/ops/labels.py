"""Quantities that are repeated over labels, and bringing several of them into line.

A label is an integer scalar that stands for an index.  A quantity that depends on labels is an
array: its leading axes are the labels, in the order in which they are listed, and its own axes
follow.  Invariant: nothing is repeated along a label that it does not depend on, unless an
equation joins it with what does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, Var

if TYPE_CHECKING:
    from gradc.ops.builder import Builder

Label = Var
Extents = Mapping[Label, Dim]


class Batched(NamedTuple):
    """A quantity, and the labels that its leading axes are."""

    atom: Atom
    labels: tuple[Label, ...] = ()

    @property
    def own(self) -> Shape:
        """The shape of one element."""
        return self.atom.type.shape[len(self.labels) :]


def union(args: Sequence[Batched], order: Collection[Label] = ()) -> tuple[Label, ...]:
    """All labels of several quantities: in the order of one that has them all, else in the
    given order, else in that of the one that has most and then of others."""
    found: dict[Label, None] = {}
    for arg in sorted(args, key=lambda arg: -len(arg.labels)):
        if found and order and len(found.keys() | set(arg.labels)) > len(found):
            everything = {label for arg in args for label in arg.labels}
            return tuple(label for label in order if label in everything)
        found.update(dict.fromkeys(arg.labels))
    return tuple(found)


def shape_of(labels: Sequence[Label], extents: Extents) -> Shape:
    """The leading axes of a quantity with these labels."""
    return tuple(extents[label] for label in labels)


def aligned(
    b: Builder, arg: Batched, labels: tuple[Label, ...], extents: Extents, own: Shape | None = None
) -> Atom:
    """A quantity with exactly these leading axes, repeated along those that it lacks.

    With `own`, a quantity whose elements are scalars is repeated over that shape too.
    """
    own = arg.own if own is None else own
    if arg.labels == labels and arg.own == own:
        return arg.atom
    order = tuple(label for label in labels if label in arg.labels)
    value = permuted(b, arg, order)
    shape = (*shape_of(labels, extents), *own)
    axes = [labels.index(label) for label in order]
    axes += range(len(shape) - len(arg.own), len(shape))
    return b.broadcast(value, shape, tuple(axes))


def permuted(b: Builder, arg: Batched, order: tuple[Label, ...]) -> Atom:
    """A quantity with its labels in another order."""
    rank = len(arg.atom.type.shape)
    own = range(len(arg.labels), rank)
    return transposed(b, arg.atom, (*(arg.labels.index(label) for label in order), *own))


def transposed(b: Builder, value: Atom, perm: tuple[int, ...]) -> Atom:
    """A quantity with its axes permuted; itself where they stay."""
    if perm == tuple(range(len(perm))):
        return value
    return b.emit("transpose", (value,), (("perm", perm),))
