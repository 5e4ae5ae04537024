"""What the names of a program stand for."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradc.diagnostics import Span
from gradc.frontend import syntax as ast
from gradc.ir.dims import Dim
from gradc.ir.graph import Var

if TYPE_CHECKING:
    from gradc.frontend.intervals import Interval


@dataclass
class Scope:
    """Sizes, quantities and constants by name, with the place of each definition.

    A name has one meaning where it is visible.  `broken` names were defined by something that
    is already reported, so that their uses are not reported again.
    """

    dims: MutableMapping[str, Dim] = field(default_factory=dict)
    quantities: MutableMapping[str, Var] = field(default_factory=dict)
    functions: MutableMapping[str, ast.FunctionDef] = field(default_factory=dict)
    bounds: MutableMapping[Var, Interval] = field(default_factory=dict)  # of integers
    statics: MutableMapping[str, float] = field(default_factory=dict)  # known at compile time
    places: MutableMapping[str, Span] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    later: MutableMapping[str, Span] = field(default_factory=dict)  # defined further down
    counters: set[Var] = field(default_factory=set)  # of all loops
    collected: set[str] = field(default_factory=set)  # by the loops that stand around this
    outer: Scope | None = None  # of a function: the program's

    def known(self) -> list[str]:
        """Every name that can be read at this point."""
        return [*self.quantities, *self.dims]

    def inner(self) -> Scope:
        """A scope within this one: it sees all that is here, and what it defines stays its own."""
        return Scope(
            ChainMap({}, self.dims),
            ChainMap({}, self.quantities),
            self.functions,
            self.bounds,
            ChainMap({}, self.statics),
            ChainMap({}, self.places),
            set(self.broken),
            ChainMap({}, self.later),
            self.counters,
            set(self.collected),
            self.outer,
        )

    def of_function(self, dims: Mapping[str, Dim]) -> Scope:
        """The scope of a function of the program: its own names, and the sizes that a call
        gives; it sees the program's sizes, constants and functions."""
        return Scope(
            ChainMap(dict(dims), self.dims),
            {},
            self.functions,
            self.bounds,
            ChainMap({}, self.statics),
            {},
            set(self.broken),
            ChainMap({}, self.later),
            self.counters,
            set(),
            self,
        )

    def is_size(self, name: str) -> bool:
        """Whether a name stands for a number that is known at compile time."""
        return name in self.dims or name in self.statics

    def holds(self, name: str) -> bool:
        """Whether a name is that of a quantity, here or, for a function, in the program."""
        return name in self.quantities or (self.outer is not None and self.outer.holds(name))
