"""The paths along which one quantity reaches another: `Network`.

Their number can be exponential in the length of a program, so they are counted first, by one
pass over the edges; whoever lists them asks how many there are.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from gradc.explain.jacobian import Jacobian
from gradc.ir.graph import Var
from gradc.report.partials import LocalPartial

#: Numbers of paths are not counted beyond this.
MANY = 10**9


class Edge(NamedTuple):
    """One operand of one operation, with the local derivative."""

    partial: LocalPartial
    jacobian: Jacobian

    @property
    def result(self) -> Var:
        """The quantity that reads."""
        return self.partial.result

    @property
    def operand(self) -> Var:
        """The quantity that is read."""
        return self.partial.operand


Path = tuple[Edge, ...]


class Network:
    """Edges in the order of their operations; `node` names what several results share."""

    def __init__(self, edges: Sequence[Edge], node: dict[Var, Var]) -> None:
        self.edges = edges
        self._node = node
        self._leading: dict[Var, dict[Var, int]] = {}
        self.uses: dict[Var, list[Edge]] = {}  # the edges to those that read a quantity
        for edge in edges:
            self.uses.setdefault(self.node(edge.operand), []).append(edge)

    def node(self, var: Var) -> Var:
        """The quantity itself, or the first result of the loop that makes it."""
        return self._node.get(var, var)

    def count(self, stops: Sequence[Var]) -> int:
        """How many paths lead through all of some quantities, in their order."""
        total = 1
        for start, end in pairwise(stops):
            leading = self._counts(end)
            further = sum(leading.get(edge.result, 0) for edge in self._leaving(start))
            total = min(total * (1 if start is end else further), MANY)
        return total

    def paths(self, stops: Sequence[Var]) -> list[Path]:
        """The paths through some quantities, the shortest first; ask `count` before."""
        legs = [list(self._between(start, end)) for start, end in pairwise(stops)]
        found = [tuple(edge for leg in legs for edge in leg) for legs in product(*legs)]
        return sorted(found, key=len)

    def between(self, stops: Sequence[Var]) -> list[Edge]:
        """The edges of paths through some quantities."""
        found: list[Edge] = []
        for start, end in pairwise(stops):
            leading = self._counts(end)
            reached: set[Var] = set()
            for edge in self.edges:
                begins = edge.operand is start
                if (begins or self.node(edge.operand) in reached) and edge.result in leading:
                    reached.add(edge.result)
                    found.append(edge)
        return found

    def _leaving(self, start: Var) -> list[Edge]:
        """The edges to those that read a quantity itself, not what is made with it."""
        return [edge for edge in self.uses.get(self.node(start), ()) if edge.operand is start]

    def _counts(self, end: Var) -> dict[Var, int]:
        """How many paths lead from each quantity to another."""
        if end not in self._leading:
            self._leading[end] = self._counted(end)
        return self._leading[end]

    def _counted(self, end: Var) -> dict[Var, int]:
        counts = {self.node(end): 1}
        for edge in reversed(self.edges):
            further = counts.get(edge.result)
            if further:
                operand = self.node(edge.operand)
                counts[operand] = min(counts.get(operand, 0) + further, MANY)
        return counts

    def _between(self, start: Var, end: Var) -> Iterator[Path]:
        leading = self._counts(end)
        last = self.node(end)
        if start is end:
            yield ()
        pending: list[Path] = [(edge,) for edge in reversed(self._onward(start, leading))]
        while pending:
            path = pending.pop()
            here = path[-1].result
            if here is last:
                yield path
                continue
            steps = [edge for edge in self.uses.get(here, ()) if edge.result in leading]
            pending += [(*path, edge) for edge in reversed(steps)]

    def _onward(self, start: Var, leading: Container[Var]) -> list[Edge]:
        return [edge for edge in self._leaving(start) if edge.result in leading]
