"""What the names of a program stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradc.diagnostics import Span
from gradc.ir.dims import Dim
from gradc.ir.graph import Var


@dataclass
class Scope:
    """Sizes, quantities and constants by name, with the place of each definition.

    A name has one meaning in a program.  `broken` names were defined by something that is
    already reported, so that their uses are not reported again.
    """

    dims: dict[str, Dim] = field(default_factory=dict)
    quantities: dict[str, Var] = field(default_factory=dict)
    below: dict[Var, Dim] = field(default_factory=dict)  # what the integers of an input are below
    statics: dict[str, float] = field(default_factory=dict)  # constants known at compile time
    places: dict[str, Span] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    later: dict[str, Span] = field(default_factory=dict)  # defined further down

    def known(self) -> list[str]:
        """Every name that can be read at this point."""
        return [*self.quantities, *self.dims]
