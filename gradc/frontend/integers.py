"""How large integers can become.

Integers are exact and have 64 bits.  Invariant: no integer of a program is larger than
`LARGEST_INTEGER`, whatever the data are; a sum or product that might be is computed in the
reals.  A size that only the data tell is below 2**31.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from gradc.frontend.intervals import ANYTHING
from gradc.frontend.scope import Scope
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, DType, Lit, Size, Var
from gradc.ops.builder import Builder

# Up to here every integer is a double.
LARGEST = 2**53

LARGEST_INTEGER = 2**63 - 1
BEYOND = 2 * LARGEST_INTEGER
LARGEST_AXIS = 2**31 - 1  # of an array whose shape the data tell


# Whose result holds elements of the first operand, as they are.
MOVES = frozenset(("gather", "index", "reshape", "transpose", "broadcast", "copy"))


class Bounds(NamedTuple):
    """The least and the greatest value that an integer may have."""

    low: int
    high: int

    @property
    def magnitude(self) -> int:
        """A bound of the absolute value."""
        return max(-self.low, self.high)


NOTHING = Bounds(0, 0)


class Magnitudes:
    """The bounds of all integers, from those that their declarations give."""

    def __init__(self, builder: Builder, scope: Scope) -> None:
        self._builder = builder
        self._scope = scope
        self._known: dict[Var, Bounds] = {}

    def of(self, atom: Atom) -> Bounds:
        """The bounds of an integer, or of a literal; 0 for other reals."""
        place, moved_only = atom, True
        while type(place) is Var and place.type.dtype is DType.INT and place not in self._known:
            definition = self._builder.definition(place)
            if definition is None:
                self._known[place] = self._declared(place)
            else:
                # Only moved, negated or divided; an index that is made here is below a size.
                moved = definition.args and definition.args[0].type.dtype is DType.INT
                place = definition.args[0] if moved else Lit(LARGEST_AXIS, INT)
                moved_only = moved_only and definition.op in MOVES
        if type(place) is Lit:
            bounds = _of_literal(place.value)
        elif type(place) is Size:
            bounds = _of_size(place.dim)
        else:
            bounds = self._known.get(place, NOTHING) if type(place) is Var else NOTHING
        if not moved_only:
            bounds = Bounds(-bounds.magnitude, bounds.magnitude)
        if type(atom) is Var:
            self._known[atom] = bounds
        return bounds

    def _declared(self, var: Var) -> Bounds:
        """Of an integer with stated bounds; any other is an index into some array."""
        low, high = self._scope.bounds.get(var, ANYTHING)
        least = None if low is None else low.constant
        most = None if high is None else high.constant
        return Bounds(
            -LARGEST_AXIS if least is None else least, LARGEST_AXIS if most is None else most
        )

    def combined(self, op: str, left: Atom, right: Atom) -> Bounds:
        """The bounds of `left op right`, or of either where the operator chooses one."""
        x, y = self.of(left), self.of(right)
        match op:
            case "*":
                products = [a * b for a in x for b in y]
                return Bounds(min(products), max(products))
            case "+":
                return Bounds(x.low + y.low, x.high + y.high)
            case "-":
                return Bounds(x.low - y.high, x.high - y.low)
            case "//" if y.low == y.high and y.low > 0:
                return Bounds(x.low // y.low, x.high // y.low)
            case "//":
                return Bounds(-x.magnitude, x.magnitude)
            case _:
                return Bounds(min(x.low, y.low), max(x.high, y.high))

    def enter(self, result: Atom, bounds: Bounds) -> None:
        """Note the bounds of a result that is an integer."""
        if type(result) is Var and result.type.dtype is DType.INT:
            self._known[result] = bounds


def _of_literal(value: float) -> Bounds:
    if not math.isfinite(value):
        return Bounds(-BEYOND, BEYOND)
    return Bounds(math.floor(value), math.ceil(value))


def _of_size(dim: Dim) -> Bounds:
    low = high = 0
    for monomial, k in dim.terms:
        most = k * LARGEST_AXIS ** len(monomial)
        if monomial:
            low, high = low + min(0, most), high + max(0, most)
        else:
            low, high = low + k, high + k
    return Bounds(low, high)
