"""How reading and adding at computed places is repeated over labels.

Where an array and the indices into it depend on the same label, that label is one more index
into the array: `x[i, k[i]]`.  A label on which the array alone depends is an axis that is read
whole.  Where the axes of the places come to stand, `gathered` says, here and for the rows
themselves (`ops.indexing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, Equation
from gradc.ops.labels import Batched, Extents, Label, aligned, shape_of, transposed, union

if TYPE_CHECKING:
    from gradc.ops.builder import Builder

# The name of an axis: a label, or its number among the own axes of an array or of the places.
Axis = Label | tuple[str, int]


T = TypeVar("T")


def gathered(value: Sequence[T], axes: Sequence[int], places: Sequence[T]) -> list[T]:
    """The axes of what is read: those of the places stand where the indexed axes were, if those
    are neighbours, and at the front otherwise."""
    front = axes[0] if axes[-1] - axes[0] == len(axes) - 1 else 0
    kept = [axis for i, axis in enumerate(value) if i not in axes]
    return [*kept[:front], *places, *kept[front:]]


class _Reading:
    """The indices of a gather with those for labels among them, and the axes of its result.

    `labels` are those of the array that is read, before its own axes; the same array is what
    a scatter adds to.
    """

    def __init__(
        self,
        b: Builder,
        rank: int,
        axes: tuple[int, ...],
        labels: tuple[Label, ...],
        indices: Sequence[Batched],
        extents: Extents,
    ) -> None:
        places = union(indices)
        own: Shape = next((index.own for index in indices if index.own), ())
        shared = [label for label in labels if label in places]
        self.axes = (
            *(labels.index(label) for label in shared),
            *(axis + len(labels) for axis in axes),
        )
        counters = [
            Batched(b.emit("iota", (), (("size", extents[label]),)), (label,)) for label in shared
        ]
        self.indices = tuple(
            aligned(b, index, places, extents, own) if index.atom.type.shape else index.atom
            for index in (*counters, *indices)
        )
        array = _own("array", rank)
        read = _own("places", len(own))
        self.found = gathered([*labels, *array], self.axes, [*places, *read])
        self.wanted = gathered(array, axes, read)

    def labels(self) -> tuple[Label, ...]:
        """The labels of what is read, in the order of its axes."""
        return tuple(axis for axis in self.found if not isinstance(axis, tuple))


def _own(name: str, rank: int) -> list[Axis]:
    return [(name, axis) for axis in range(rank)]


def gather(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """What is read, with its axes brought into order."""
    value, indices, axes = _with_labels_for_axes(b, eq, args)
    if not indices:
        return value
    reading = _Reading(b, len(value.own), axes, value.labels, indices, extents)
    found = b.emit("gather", (value.atom, *reading.indices), (("axes", reading.axes),))
    labels = reading.labels()
    order = [*labels, *reading.wanted]
    return Batched(transposed(b, found, tuple(map(reading.found.index, order))), labels)


def _with_labels_for_axes(
    b: Builder, eq: Equation, args: Sequence[Batched]
) -> tuple[Batched, list[Batched], tuple[int, ...]]:
    """The array, the indices and their axes, without indices that go over a whole axis: `x[i]`
    for all i is x, whose axis is the label.
    """
    value, *indices = args
    axes: tuple[int, ...] = eq.param("axes")
    if any(index.own for index in indices):
        return value, indices, axes
    uses = [label for arg in args for label in arg.labels]
    whole = {
        axis: index.labels[0]
        for axis, index in zip(axes, indices, strict=True)
        if len(index.labels) == 1
        and uses.count(index.labels[0]) == 1
        and _counts(b, index.atom, value.own[axis])
    }
    if not whole:
        return value, indices, axes
    many = len(value.labels)
    rest = [axis for axis in range(len(value.own)) if axis not in whole]
    perm = (*range(many), *(axis + many for axis in (*whole, *rest)))
    led = Batched(transposed(b, value.atom, perm), (*value.labels, *whole.values()))
    left = [(rest.index(a), i) for a, i in zip(axes, indices, strict=True) if a not in whole]
    return led, [index for _, index in left], tuple(axis for axis, _ in left)


def _counts(b: Builder, index: Atom, size: Dim) -> bool:
    """Whether an index is 0, 1, ... up to a size."""
    equation = b.definition(index)
    return equation is not None and equation.op == "iota" and equation.param("size") == size


def scatter_add(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """What is added, with its axes as they would be read."""
    value, *indices = args
    labels, shape = union(args), eq.param("shape")
    reading = _Reading(b, len(shape), eq.param("axes"), labels, indices, extents)
    order = [*labels, *reading.wanted]
    added = aligned(b, value, labels, extents)
    turned = transposed(b, added, tuple(map(order.index, reading.found)))
    params = (("shape", (*shape_of(labels, extents), *shape)), ("axes", reading.axes))
    return Batched(b.emit("scatter_add", (turned, *reading.indices), params), labels)


def checked(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    """An index in line with the condition, which may be one truth value for all."""
    index, taken = args
    labels = union(args)
    places = aligned(b, index, labels, extents)
    truth: Atom = taken.atom
    if truth.type.shape:
        truth = aligned(b, taken, labels, extents, index.own)
    return Batched(b.emit("checked", (places, truth), eq.params), labels)
