"""The parts of a graph that is cut at sums over rows: `Cut`, and `joining` for their sums.

Deliberately absent: where a graph is cut (`splitting`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Equation, Graph, Size, Type, Var
from gradc.ops.builder import Builder
from gradc.passes.row_axis import MixedRowsError, row_axis


class Stage(NamedTuple):
    """One reading of the rows.

    `before` computes, from the inputs without rows and the sums of earlier stages, what `graph`
    reads besides the rows; `joins` are the reductions that join the outputs for parts of the
    rows.  Both graphs take all inputs of the whole, in their order, and then more.
    """

    before: Graph
    graph: Graph
    joins: tuple[str, ...]


class Split(NamedTuple):
    """The stages, and what computes the outputs from their sums.

    `lengths` are inputs of `before` and `last` that stand for sizes with the number of rows.
    """

    stages: tuple[Stage, ...]
    last: Graph
    lengths: tuple[tuple[Var, Dim], ...]
    sums: tuple[tuple[Var, ...], ...]  # of each stage


class Cut(NamedTuple):
    """A graph with its equations as they are to be computed, and where they are cut.

    `cuts` are sums over the rows, each with the number of its stage and the reduction that joins
    it; `lengths` are the inputs that stand for sizes with the number of `rows`.
    """

    graph: Graph
    rows: str
    equations: Sequence[Equation]
    cuts: Mapping[Var, tuple[int, str]]
    lengths: Mapping[Size, Var]

    def split(self) -> Split:
        """The parts of the graph; raises MixedRowsError where there is nothing to join."""
        defined = {out: eq for eq in self.equations for out in eq.outs}
        needed = _reached(self.graph.outputs, defined, ())
        cuts = [var for var in self.cuts if var in needed]
        if not cuts:
            raise MixedRowsError("the outputs do not depend on sums over the rows")
        count = 1 + max(self.cuts[var][0] for var in cuts)
        sums = tuple(
            tuple(var for var in cuts if self.cuts[var][0] == number) for number in range(count)
        )
        stages = []
        for number, outs in enumerate(sums):
            inside = self._inside(outs, defined)
            read = dict.fromkeys(arg for eq in inside for arg in eq.inputs())
            made = {out for eq in inside for out in eq.outs}
            more = tuple(v for v in read if v not in made and v not in self.graph.inputs)
            graph = self._graph(inside, more, outs)
            before = self._free(more, defined, sums[:number])
            stages.append(Stage(before, graph, tuple(self.cuts[out][1] for out in outs)))
        last = self._free(self.graph.outputs, defined, sums)
        lengths = tuple((var, size.dim) for size, var in self.lengths.items())
        return Split(tuple(stages), last, lengths, sums)

    def _inside(self, outs: Sequence[Var], defined: dict[Var, Equation]) -> list[Equation]:
        """The equations of rows that some sums need, and truths, which are not passed on."""
        found: set[Var] = set()
        pending = list(outs)
        while pending:
            var = pending.pop()
            if var in found or var not in defined:
                continue
            if (
                var in outs
                or row_axis(var.type, self.rows) is not None
                or (var.type.dtype is DType.BOOL and var not in self.cuts)
            ):
                equation = defined[var]
                found.update(equation.outs)
                pending += equation.inputs()
        return [equation for equation in self.equations if equation.out in found]

    def _free(
        self, outs: Sequence[Var], defined: dict[Var, Equation], sums: Sequence[Sequence[Var]]
    ) -> Graph:
        """What computes quantities without rows from sums."""
        known = tuple(var for each in sums for var in each)
        reached = _reached(outs, defined, known)
        inside = [eq for eq in self.equations if not reached.isdisjoint(eq.outs)]
        for equation in inside:
            if not set(known).isdisjoint(equation.outs):
                raise MixedRowsError("a loop has sums over rows and other results", equation)
        return self._graph(inside, (*self.lengths.values(), *known), tuple(outs))

    def _graph(
        self, equations: Sequence[Equation], more: tuple[Var, ...], outs: tuple[Var, ...]
    ) -> Graph:
        inputs = (*self.graph.inputs, *more)
        return replace(self.graph, inputs=inputs, equations=tuple(equations), outputs=outs)


def joining(types: Sequence[Type], joins: Sequence[str]) -> Graph:
    """A graph that joins sums for parts of the rows, each stacked along a new first axis."""
    b = Builder()
    inputs = tuple(
        Var(f"part_{i}", Type(kind.dtype, (Dim.of("parts"), *kind.shape)))
        for i, kind in enumerate(types)
    )
    outs = tuple(
        b.emit(join, (var,), (("axes", (0,)),), name=f"whole_{i}")
        for i, (var, join) in enumerate(zip(inputs, joins, strict=True))
    )
    return Graph("joined", inputs, tuple(b.equations), outs)


def _reached(outs: Sequence[Var], defined: dict[Var, Equation], known: Collection[Var]) -> set[Var]:
    """The variables on which some depend, those excepted that are behind known ones."""
    found: set[Var] = set()
    pending, stop = list(outs), set(known)
    while pending:
        var = pending.pop()
        if var in found or var in stop:
            continue
        found.add(var)
        if var in defined:
            pending += defined[var].inputs()
    return found
