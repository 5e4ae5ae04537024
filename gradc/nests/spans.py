"""Where along its axes an array of truths can hold: spans of indices, and boxes of them.

`i > 0 and i < N - 1` holds in a span.  Of an array with several axes a box says for each axis
outside of which span it holds nowhere: of what several conditions and others make of such.

Invariant: a box may be too large, never too small.  Deliberately absent: conditions on data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Var

NONE = Dim.of(0)


class Span(NamedTuple):
    """The places from `low` to before `high`, within an axis."""

    low: Dim
    high: Dim


def at_most(left: Dim, right: Dim) -> bool:
    """Whether a size is at most another for all values of the named sizes, as far as is plain."""
    rest = right - left
    if rest.constant is not None:
        return rest.constant >= 0
    return rest.denominator == 1 and all(k >= 0 for _, k in rest.terms)


def within(span: Span, extent: Dim) -> Span | None:
    """A span as far as it is within an axis; None where that depends on sizes."""
    low, high = span
    if at_most(low, NONE):
        low = NONE
    elif not at_most(NONE, low):
        return None
    if at_most(extent, high):
        high = extent
    elif not at_most(high, extent):
        return None
    return Span(low, high)


def overlap(one: Span | None, other: Span | None) -> Span | None:
    """What two spans have in common; None where that depends on sizes, or one is not known."""
    if one is None or other is None:
        return None
    low, high = _larger(one.low, other.low), _larger(other.high, one.high, least=True)
    return None if low is None or high is None else Span(low, high)


def _larger(left: Dim, right: Dim, least: bool = False) -> Dim | None:
    if at_most(left, right):
        return left if least else right
    if at_most(right, left):
        return right if least else left
    return None


Box = tuple[Span | None, ...]


class Boxes:
    """The boxes of the arrays of truths of one function; `span` knows those of one axis."""

    def __init__(self, span: Callable[[Atom], Span | None]) -> None:
        self._span = span
        self._boxes: dict[Var, Box] = {}

    def note(self, equation: Equation) -> None:
        """Find the box of what an equation defines, if it has one."""
        rank = len(equation.out.type.shape)
        box: list[Span | None] = [None] * rank
        match equation.op:
            case "broadcast":
                inner = self._box(equation.args[0])
                for axis, span in zip(equation.param("axes"), inner, strict=True):
                    box[axis] = span
            case "and":
                arrays = (arg for arg in equation.args if arg.type.shape)  # a scalar holds for all
                for box_of_one in map(self._box, arrays):
                    for axis, span in enumerate(box_of_one):
                        box[axis] = overlap(box[axis], span) or box[axis] or span
            case "any":
                axes = equation.param("axes")
                inner = self._box(equation.args[0])
                box = [span for axis, span in enumerate(inner) if axis not in axes]
            case _:
                return
        if any(span is not None for span in box):
            self._boxes[equation.out] = tuple(box)

    def along(self, atom: Atom, axis: int) -> Span | None:
        """The span of an axis outside of which an array holds nowhere."""
        return self._box(atom)[axis]

    def _box(self, atom: Atom) -> Box:
        if type(atom) is Var and atom in self._boxes:
            return self._boxes[atom]
        rank = len(atom.type.shape)
        return (self._span(atom),) if rank == 1 else (None,) * rank
