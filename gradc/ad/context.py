"""What differentiation shares between the graphs that a graph holds: `Context`.

The rules for equations that hold graphs call the code that differentiates graphs, which looks
them up here, so that neither imports the other.  Derivatives of functions are remembered: a
function is differentiated once for each choice of what moves in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gradc.ad.activity import Activity
from gradc.ir.graph import Atom, Equation, Graph

if TYPE_CHECKING:
    from gradc.ad.rules import Before
    from gradc.ad.sweep import Sweep
    from gradc.ad.tangents import Tangents

Positions = frozenset[int]
Push = Callable[["Tangents", Equation], None]
Pull = Callable[["Sweep", Equation, Sequence[Atom | None], "Before"], Iterator[tuple[int, Atom]]]


class TangentGraph(NamedTuple):
    """The tangents of a function: a graph whose inputs are those of the function and then the
    tangents of some, and whose results are those of the function and then their tangents."""

    graph: Graph
    moving: tuple[int, ...]  # the results that have tangents, by position


class ReverseGraphs(NamedTuple):
    """The adjoints of a function, in two graphs."""

    forward: Graph  # the function, which also returns what the other reads
    reverse: Graph  # takes some operands, what was saved, and seeds
    operands: tuple[int, ...]
    kept: tuple[int, ...]  # what was saved, as positions of the results of `forward`
    adjoints: tuple[int, ...]  # the operands whose adjoints `reverse` returns, in its order


@dataclass(eq=False)
class Context:
    """The rules for equations that hold graphs, and what was found for graphs before."""

    push: Mapping[str, Push]
    pull: Mapping[str, Pull]
    activity: Activity = field(default_factory=Activity)
    tangents: dict[tuple[Graph, Positions, bool], TangentGraph] = field(default_factory=dict)
    reverses: dict[tuple[Graph, Positions, Positions], ReverseGraphs] = field(default_factory=dict)
    partials: dict[tuple[Graph, Positions], Graph] = field(default_factory=dict)
