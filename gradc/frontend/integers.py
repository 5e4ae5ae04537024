"""How large integers can become.

Integers are exact and have 64 bits.  Invariant: no integer of a program is larger than
`LARGEST`, whatever the data are; a sum or product that might be is computed in the reals.
"""

from __future__ import annotations

from gradc.frontend.scope import Scope
from gradc.frontend.sizes import LARGEST_ARRAY
from gradc.ir.graph import Atom, DType, Lit, Var
from gradc.ops.builder import Builder

# Up to here every integer is a double.
LARGEST = 2**53


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
                place = definition.args[0]  # only moved, negated or divided
        if type(place) is Lit:
            return abs(place.value)
        bound = self._known.get(place, 0) if type(place) is Var else 0
        if type(atom) is Var:
            self._known[atom] = bound
        return bound

    def _declared(self, var: Var) -> int:
        """Below a size that data have, an index is below the length of an array."""
        below = self._scope.below[var].constant
        return LARGEST_ARRAY if below is None else below

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
