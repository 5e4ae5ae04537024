"""How large integers can become.

Integers are exact and have 64 bits.  Invariant: no integer of a program is larger than
`LARGEST_INTEGER`, whatever the data are; a sum or product that might be is computed in the
reals.  A size that only the data tell is below 2**31.
"""

from __future__ import annotations

from gradc.frontend.intervals import ANYTHING
from gradc.frontend.scope import Scope
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, DType, Lit, Size, Var
from gradc.ops.builder import Builder

# Up to here every integer is a double.
LARGEST = 2**53

LARGEST_INTEGER = 2**63 - 1
LARGEST_AXIS = 2**31  # of an array whose shape the data tell


class Magnitudes:
    """The bounds of all integers, from those that their declarations give."""

    def __init__(self, builder: Builder, scope: Scope) -> None:
        self._builder = builder
        self._scope = scope
        self._known: dict[Var, float] = {}

    def of(self, atom: Atom) -> float:
        """A bound of the absolute value of an integer, or of a literal; 0 for other reals."""
        place = atom
        while type(place) is Var and place.type.dtype is DType.INT and place not in self._known:
            definition = self._builder.definition(place)
            if definition is None:
                self._known[place] = self._declared(place)
            else:
                # Only moved, negated or divided; an index that is made here is below a size.
                moved = definition.args and definition.args[0].type.dtype is DType.INT
                place = definition.args[0] if moved else Lit(LARGEST_AXIS, INT)
        if type(place) is Lit:
            return abs(place.value)
        if type(place) is Size:
            return self._size(place.dim)
        bound = self._known.get(place, 0) if type(place) is Var else 0
        if type(atom) is Var:
            self._known[atom] = bound
        return bound

    def _declared(self, var: Var) -> int:
        """Of an integer with fixed bounds; any other is an index into some array."""
        low, high = self._scope.bounds.get(var, ANYTHING)
        ends = [end.constant for end in (low, high) if end is not None]
        known = [abs(end) for end in ends if end is not None]
        return max(known) if len(known) == 2 else LARGEST_AXIS

    def _size(self, dim: Dim) -> float:
        total = 0.0
        for monomial, k in dim.terms:
            total += abs(k) * float(LARGEST_AXIS) ** len(monomial)
        return total

    def combined(self, op: str, left: Atom, right: Atom) -> float:
        """A bound of `left op right`, or of either where the operator chooses one."""
        x, y = self.of(left), self.of(right)
        match op:
            case "*":
                return x * y
            case "+" | "-":
                return x + y
            case "//":
                return x
            case _:
                return max(x, y)

    def enter(self, result: Atom, bound: float) -> None:
        """Note the bound of a result that is an integer."""
        if type(result) is Var and result.type.dtype is DType.INT:
            self._known[result] = bound
