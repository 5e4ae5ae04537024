"""Equations element by element: `sum[k](A[i,k]*B[k,j])`.

Places are written from the indices of the statement inwards: the element of a transpose at
(i, j) is that of its operand at (j, i).  Invariant: `element_form` gives None exactly where an
equation has no such form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation
from gradc.ops.primitive import Form
from gradc.ops.table import PRIMITIVES
from gradc.targets.g.pieces import Piece, conditional, infix, size
from gradc.targets.g.whole import elementwise, where_taken


class Place(NamedTuple):
    """A whole number at which an axis is read: an index and what is added to it, a size, or
    any expression."""

    piece: Piece
    name: str = ""  # of an index, where the place is that and `offset`
    offset: Dim = Dim.of(0)

    def moved(self, by: Dim) -> Place:
        """The place so many elements further on."""
        if by.constant == 0:
            return self
        if not self.name:
            return Place(_sum(self.piece, by))
        offset = self.offset + by
        piece = Piece(self.name)
        return Place(piece if offset.constant == 0 else _sum(piece, offset), self.name, offset)


def _sum(piece: Piece, dim: Dim) -> Piece:
    """`i + 2`, `i - N`."""
    if all(k < 0 for _, k in dim.terms):
        return infix("-", piece, size(-dim))
    return infix("+", piece, size(dim))


def fixed(dim: Dim) -> Place:
    """A place that is a size."""
    return Place(size(dim))


Places = tuple[Place, ...]


class Elements(Protocol):
    """Elements of operands, as they are written."""

    def at(self, atom: Atom, places: Places) -> Piece:
        """The element of an operand at some places."""

    def branch(self, atom: Atom, places: Places) -> Piece:
        """As `at`, of an operand that is read in a branch only."""

    def check(self, atom: Atom) -> Equation | None:
        """The check of a place that is read under a condition, which is made where it is read."""

    def reduction(
        self, function: str, extents: Sequence[Dim], body: Callable[[Places], Piece]
    ) -> Piece:
        """`function[k](body)` over new indices."""


Rule = Callable[[Elements, Equation, Places], Piece]

_ZERO = Piece("0")


def element_form(equation: Equation) -> Rule | None:
    """How an element of an equation is written, if it can be."""
    row = PRIMITIVES[equation.op]
    spelling = row.spell["g"]
    if not isinstance(spelling, Form) or row.elementwise or spelling.name == "checked":
        return _elementwise
    if spelling.name == "scatter_add" and any(i.type.shape for i in equation.args[1:]):
        return None
    return _FORMS.get(spelling.name)


def _elementwise(elements: Elements, equation: Equation, places: Places) -> Piece:
    guarded = PRIMITIVES[equation.op].guarded
    args = [
        (elements.branch if i in guarded else elements.at)(arg, places if arg.type.shape else ())
        for i, arg in enumerate(equation.args)
    ]
    piece = elementwise(equation, args)
    assert piece is not None
    return piece


# Moving elements


def _broadcast(elements: Elements, equation: Equation, places: Places) -> Piece:
    return elements.at(equation.args[0], tuple(places[axis] for axis in equation.param("axes")))


def _transpose(elements: Elements, equation: Equation, places: Places) -> Piece:
    perm = equation.param("perm")
    return elements.at(equation.args[0], tuple(places[perm.index(a)] for a in range(len(perm))))


def _index(elements: Elements, equation: Equation, places: Places) -> Piece:
    left = list(places)
    inner = [
        fixed(start) if stop is None else left.pop(0).moved(start)
        for start, stop in equation.param("items")
    ]
    return elements.at(equation.args[0], tuple(inner))


def _embed(elements: Elements, equation: Equation, places: Places) -> Piece:
    """Zero outside a range on each axis."""
    conditions: list[Piece] = []
    inner: list[Place] = []
    for (start, stop), place, dim in zip(
        equation.param("items"), places, equation.out.type.shape, strict=True
    ):
        if stop is None:
            conditions.append(infix("==", place.piece, size(start)))
            continue
        if start.constant != 0:
            conditions.append(infix(">=", place.piece, size(start)))
        if stop != dim:
            conditions.append(infix("<", place.piece, size(stop)))
        inner.append(place.moved(-start))
    return _where(elements, conditions, equation.args[0], tuple(inner))


def _where(elements: Elements, conditions: Sequence[Piece], atom: Atom, places: Places) -> Piece:
    """An element where all conditions hold, else zero."""
    if not conditions:
        return elements.at(atom, places)
    test = conditions[0]
    for condition in conditions[1:]:
        test = infix("and", test, condition)
    return conditional(test, elements.branch(atom, places), _ZERO)


def _concat(elements: Elements, equation: Equation, places: Places) -> Piece:
    first, *rest = places
    start = Dim.of(0)
    parts: list[tuple[Piece, Piece]] = []
    for arg in equation.args:
        end = start + arg.type.shape[0]
        value = elements.branch(arg, (first.moved(-start), *rest))
        parts.append((infix("<", first.piece, size(end)), value))
        start = end
    return _chosen(parts)


def _stack(elements: Elements, equation: Equation, places: Places) -> Piece:
    first, *rest = places
    parts = [
        (infix("==", first.piece, size(Dim.of(i))), elements.branch(arg, tuple(rest)))
        for i, arg in enumerate(equation.args)
    ]
    return _chosen(parts)


def _chosen(parts: Sequence[tuple[Piece, Piece]]) -> Piece:
    """The first part whose condition holds, or else the last."""
    result = parts[-1][1]
    for condition, value in reversed(parts[:-1]):
        result = conditional(condition, value, result)
    return result


def _diagonal(elements: Elements, equation: Equation, places: Places) -> Piece:
    return elements.at(equation.args[0], (*places, places[-1]))


def _diagonal_matrix(elements: Elements, equation: Equation, places: Places) -> Piece:
    *rest, column = places
    on = infix("==", rest[-1].piece, column.piece)
    return _where(elements, [on], equation.args[0], tuple(rest))


def _lower_half(elements: Elements, equation: Equation, places: Places) -> Piece:
    *_, row, column = places
    value = elements.branch(equation.args[0], places)
    half = infix("/", value, Piece("2"))
    below = infix("<", column.piece, row.piece)
    on = infix("==", column.piece, row.piece)
    return conditional(below, value, conditional(on, half, _ZERO))


# Reducing


def _reduced(name: str | None = None) -> Rule:
    def rule(elements: Elements, equation: Equation, places: Places) -> Piece:
        value, axes = equation.args[0], equation.param("axes")
        shape = value.type.shape

        def body(bound: Places) -> Piece:
            outer, inner = iter(places), iter(bound)
            every = (next(inner) if axis in axes else next(outer) for axis in range(len(shape)))
            element = elements.at(value, tuple(every))
            return element if name is None else conditional(element, Piece("1"), _ZERO)

        return elements.reduction(name or equation.op, [shape[axis] for axis in axes], body)

    return rule


def _contract(elements: Elements, equation: Equation, places: Places) -> Piece:
    operands, result = equation.param("spec").split("->")
    letters = operands.split(",")
    sizes: dict[str, Dim] = {}
    for each, arg in zip(letters, equation.args, strict=True):
        sizes.update(zip(each, arg.type.shape, strict=True))
    reduced = [letter for letter in sizes if letter not in result]
    outer = dict(zip(result, places, strict=True))

    def body(bound: Places) -> Piece:
        place = {**outer, **dict(zip(reduced, bound, strict=True))}
        factors = [
            elements.at(arg, tuple(place[letter] for letter in each))
            for each, arg in zip(letters, equation.args, strict=True)
        ]
        return infix("*", *factors)

    if not reduced:
        return body(())
    return elements.reduction("sum", [sizes[letter] for letter in reduced], body)


# Places that are computed


def _gather(elements: Elements, equation: Equation, places: Places) -> Piece:
    value, *indices = equation.args
    axes = equation.param("axes")
    count = max(len(index.type.shape) for index in indices)
    neighbours = tuple(range(axes[0], axes[0] + len(axes))) == axes
    first = axes[0] if neighbours else 0
    chosen, left = places[first : first + count], [*places[:first], *places[first + count :]]
    checks: list[Piece] = []
    found: list[Place] = []
    for index in indices:
        check = elements.check(index)
        if check is not None:
            index, taken = check.args
            checks.append(elements.at(taken, chosen if taken.type.shape else ()))
        piece = elements.at(index, chosen if index.type.shape else ())
        found.append(Place(piece, piece.text if piece.text.isidentifier() else ""))
    inner = [
        found[axes.index(axis)] if axis in axes else left.pop(0)
        for axis in range(len(value.type.shape))
    ]
    read = elements.branch if checks else elements.at
    return where_taken(checks, equation, read(value, tuple(inner)))


def _scatter_at_one(elements: Elements, equation: Equation, places: Places) -> Piece:
    """At one place of some axes: zero elsewhere."""
    value, *indices = equation.args
    axes = equation.param("axes")
    conditions = [
        infix("==", places[axis].piece, elements.at(index, ()))
        for axis, index in zip(axes, indices, strict=True)
    ]
    left = tuple(place for axis, place in enumerate(places) if axis not in axes)
    return _where(elements, conditions, value, left)


def _iota(elements: Elements, equation: Equation, places: Places) -> Piece:
    return places[0].piece


_FORMS: Mapping[str, Rule] = {
    "broadcast": _broadcast,
    "transpose": _transpose,
    "index": _index,
    "embed": _embed,
    "concat": _concat,
    "stack": _stack,
    "diagonal": _diagonal,
    "diagonal_matrix": _diagonal_matrix,
    "lower_half": _lower_half,
    "reduce": _reduced(),
    "bracket": _reduced(),
    "count": _reduced("sum"),
    "contract": _contract,
    "gather": _gather,
    "scatter_add": _scatter_at_one,
    "iota": _iota,
}
