"""How elements of operands reach elements of the result: one rule for each kind of row.

A rule gets the patterns of the operands, None where none is differentiated in, and gives that of
the result.  Rows name their rule (`Primitive.pattern`); of a row that names none, and is not
elementwise, each element of the result is taken to depend on all of every operand.  No rule may
leave out what a number could depend on; listing more is slower, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, Equation
from gradc.ops.batch_indexing import gathered
from gradc.ops.table import PRIMITIVES
from gradc.sparsity.sets import EMPTY, Numbers, Sets

Operands = Sequence["Numbers | None"]


class Known(Protocol):
    """What a rule may know besides patterns."""

    sets: Sets

    def shape(self, shape: Shape) -> tuple[int, ...]:
        """A shape as numbers."""

    def size(self, dim: Dim) -> int:
        """A size as a number."""

    def value(self, atom: Atom) -> Any:
        """The value of an operand, or None where it is not known for sure."""


def pattern_of(known: Known, equation: Equation, operands: Operands) -> Numbers:
    """The pattern of the result of an equation, at least one of whose operands has one."""
    row = PRIMITIVES[equation.op]
    if row.elementwise:
        return _elementwise(known, equation, operands)
    rule = RULES.get(row.pattern or "", _everything)
    return rule(known, equation, operands)


def _everything(known: Known, equation: Equation, operands: Operands) -> Numbers:
    shape = known.shape(equation.out.type.shape)
    total = np.full((), EMPTY)
    for numbers in operands:
        if numbers is not None:
            total = known.sets.join(total, known.sets.reduce(numbers, range(numbers.ndim)))
    return np.broadcast_to(total, shape)


def _elementwise(known: Known, equation: Equation, operands: Operands) -> Numbers:
    shape = known.shape(equation.out.type.shape)
    spread = [
        None if n is None else np.broadcast_to(n, shape) if n.shape != shape else n
        for n in operands
    ]
    if PRIMITIVES[equation.op].guarded:
        condition = known.value(equation.args[0])
        if condition is not None:
            taken, other = (np.full(shape, EMPTY) if n is None else n for n in spread[1:])
            return np.where(condition, taken, other)
    total: Numbers | None = None
    for numbers in spread:
        if numbers is not None:
            total = numbers if total is None else known.sets.join(total, numbers)
    assert total is not None
    return total


def _lone(operands: Operands) -> Numbers:
    numbers = operands[0]
    assert numbers is not None
    return numbers


def _lower(known: Known, equation: Equation, operands: Operands) -> Numbers:
    return np.tril(_lone(operands))


def _broadcast(known: Known, equation: Equation, operands: Operands) -> Numbers:
    numbers, shape = _lone(operands), known.shape(equation.param("shape"))
    return np.broadcast_to(_placed(numbers, equation.param("axes"), len(shape)), shape)


def _placed(numbers: Numbers, axes: Sequence[int], rank: int) -> Numbers:
    """An array with its axes at given places among others of length 1."""
    lengths = [1] * rank
    for axis, length in zip(axes, numbers.shape, strict=True):
        lengths[axis] = length
    return numbers.reshape(lengths)


def _transpose(known: Known, equation: Equation, operands: Operands) -> Numbers:
    found: Numbers = _lone(operands).transpose(equation.param("perm"))
    return found


def _reshape(known: Known, equation: Equation, operands: Operands) -> Numbers:
    return _lone(operands).reshape(known.shape(equation.param("shape")))


def _index(known: Known, equation: Equation, operands: Operands) -> Numbers:
    return np.asarray(_lone(operands)[_items(known, equation)])


def _items(known: Known, equation: Equation) -> tuple[int | slice, ...]:
    return tuple(
        known.size(start) if stop is None else slice(known.size(start), known.size(stop))
        for start, stop in equation.param("items")
    )


def _embed(known: Known, equation: Equation, operands: Operands) -> Numbers:
    whole = np.full(known.shape(equation.param("shape")), EMPTY)
    whole[_items(known, equation)] = _lone(operands)
    return whole


def _join(known: Known, equation: Equation, operands: Operands) -> Numbers:
    parts = [
        np.full(known.shape(arg.type.shape), EMPTY) if numbers is None else numbers
        for arg, numbers in zip(equation.args, operands, strict=True)
    ]
    axis = dict(equation.params).get("axis", 0)
    return np.stack(parts, axis) if equation.op == "stack" else np.concatenate(parts, axis)


def _diagonal(known: Known, equation: Equation, operands: Operands) -> Numbers:
    found: Numbers = np.diagonal(_lone(operands), axis1=-2, axis2=-1)
    return found


def _diagonal_matrix(known: Known, equation: Equation, operands: Operands) -> Numbers:
    numbers = _lone(operands)
    whole = np.full((*numbers.shape, numbers.shape[-1]), EMPTY)
    along = np.arange(numbers.shape[-1])
    whole[..., along, along] = numbers
    return whole


def _reduce(known: Known, equation: Equation, operands: Operands) -> Numbers:
    return known.sets.reduce(_lone(operands), equation.param("axes"))


def _along(known: Known, equation: Equation, operands: Operands) -> Numbers:
    """Each element depends on all along some axes."""
    axes = equation.param("axes")
    total: Numbers | None = None
    for numbers in operands:
        if numbers is not None:
            reduced = known.sets.reduce(numbers, axes)
            kept = [axis for axis in range(numbers.ndim) if axis not in axes]
            spread = np.broadcast_to(_placed(reduced, kept, numbers.ndim), numbers.shape)
            total = spread if total is None else known.sets.join(total, spread)
    assert total is not None
    return total


def _contract(known: Known, equation: Equation, operands: Operands) -> Numbers:
    letters, result = equation.param("spec").split("->")
    shape = known.shape(equation.out.type.shape)
    total: Numbers | None = None
    for own, numbers in zip(letters.split(","), operands, strict=True):
        if numbers is None:
            continue
        assert len(set(own)) == len(own)  # a diagonal is another row
        summed = [axis for axis, letter in enumerate(own) if letter not in result]
        kept = "".join(letter for letter in own if letter in result)
        reduced = known.sets.reduce(numbers, summed) if summed else numbers
        order = sorted(range(len(kept)), key=lambda i: result.index(kept[i]))
        turned = reduced.transpose(order)
        places = sorted(result.index(letter) for letter in kept)
        spread = np.broadcast_to(_placed(turned, places, len(shape)), shape)
        total = spread if total is None else known.sets.join(total, spread)
    assert total is not None
    return total


def _gather(known: Known, equation: Equation, operands: Operands) -> Numbers:
    numbers, axes = _lone(operands), equation.param("axes")
    shape = known.shape(equation.out.type.shape)
    places = _places(known, equation, numbers.shape)
    if places is not None and numbers.size:
        return np.broadcast_to(numbers[places], shape)
    reduced = known.sets.reduce(numbers, axes)
    return np.broadcast_to(_placed(reduced, _kept(equation, numbers.ndim), len(shape)), shape)


def _scatter_add(known: Known, equation: Equation, operands: Operands) -> Numbers:
    numbers, shape = _lone(operands), known.shape(equation.param("shape"))
    axes, count = equation.param("axes"), int(np.prod(shape, dtype=np.int64))
    places = _places(known, equation, shape)
    if places is not None and count:
        cells = np.arange(count).reshape(shape)[places]
        groups = np.broadcast_to(cells, numbers.shape).ravel()
        return known.sets.merge(numbers.ravel(), groups, count).reshape(shape)
    kept = _kept(equation, len(shape))
    summed = [axis for axis in range(numbers.ndim) if axis not in kept]
    reduced = known.sets.reduce(numbers, summed)
    others = [axis for axis in range(len(shape)) if axis not in axes]
    return np.broadcast_to(_placed(reduced, others, len(shape)), shape)


def _places(known: Known, equation: Equation, shape: tuple[int, ...]) -> Any:
    """What indexes an array of a shape at the places that an equation gives; None where some
    are not known.

    Places that are out of range are those of elements that do not count.
    """
    items: list[Any] = [slice(None)] * len(shape)
    for axis, atom in zip(equation.param("axes"), equation.args[1:], strict=True):
        value = known.value(atom)
        if value is None:
            return None
        items[axis] = np.clip(np.asarray(value), 0, max(shape[axis] - 1, 0))
    return tuple(items)


def _kept(equation: Equation, rank: int) -> list[int]:
    """Where in what is read the axes stand that are not indexed."""
    axes = equation.param("axes")
    places = max((len(atom.type.shape) for atom in equation.args[1:]), default=0)
    order = gathered(list(range(rank)), axes, [-1] * places)
    return [position for position, axis in enumerate(order) if axis >= 0]


def _solve(known: Known, equation: Equation, operands: Operands) -> Numbers:
    """Each column of a right-hand side by itself, or all of everything."""
    matrix, right = operands
    if matrix is not None or right is None:
        return _everything(known, equation, operands)
    row = len(equation.args[0].type.shape) - 2
    reduced = known.sets.reduce(right, [row])
    kept = [axis for axis in range(right.ndim) if axis != row]
    return np.broadcast_to(_placed(reduced, kept, right.ndim), right.shape)


Rule = Callable[[Known, Equation, Operands], Numbers]

RULES: Mapping[str, Rule] = {
    "lower": _lower,
    "broadcast": _broadcast,
    "transpose": _transpose,
    "reshape": _reshape,
    "index": _index,
    "embed": _embed,
    "join": _join,
    "diagonal": _diagonal,
    "diagonal_matrix": _diagonal_matrix,
    "reduce": _reduce,
    "along": _along,
    "contract": _contract,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "solve": _solve,
}
