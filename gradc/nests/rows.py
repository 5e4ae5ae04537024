"""Which rows of collected quantities are read: `complete`.

A loop that may end early leaves zeros in the rows of the steps that it does not run.  What a
reverse sweep keeps of it is only read for the steps that were run, so those rows need not be
written; of a loop with room for many more steps than it takes, that is most of the memory.

Invariant: a quantity is not named `complete` only where every reader is a row at the number of a
step, in a loop that runs as many steps as were run.  Readers are followed through copies, and
through loops around that collect the quantity together with the number of its steps.  Deliberately
absent: functions, whose results count as read in all rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.control import Loop


class _Rows(NamedTuple):
    """What a quantity holds: the rows that a loop collected, one step of `around` loops at a time,
    at the indices `at` of those that were looked up already."""

    collected: Var
    steps: Var | None  # the number of rows, where a condition ends the loop
    around: int
    at: tuple[Atom, ...] = ()


class _Count(NamedTuple):
    """The number of steps that a loop ran, as `_Rows`."""

    steps: Var
    around: int
    at: tuple[Atom, ...] = ()


def complete(graph: Graph) -> set[Var]:
    """Of the collected quantities of loops that may end early, those that are read in all rows."""
    found = _Readers()
    found.walk(graph.equations)
    for var in graph.outputs:
        found.read(var)
    return found.complete


class _Readers:
    def __init__(self) -> None:
        self.complete: set[Var] = set()
        self.rows: dict[Var, list[_Rows]] = {}
        self.counts: dict[Var, _Count] = {}
        self.limits: dict[Var, Atom | _Count] = {}  # of counters, how many steps are run

    def walk(self, equations: Iterable[Equation]) -> None:
        """Follow what equations read."""
        for equation in equations:
            if equation.op == "loop":
                self._loop(equation)
            elif equation.op == "copy" and type(equation.args[0]) is Var:
                self._same(equation.args[0], equation.out)
            elif equation.op == "gather" and equation.param("axes") == (0,):
                self._row(equation)
            else:
                for var in equation.inputs():
                    self.read(var)

    def read(self, var: Var) -> None:
        """A quantity is read as a whole."""
        self.complete.update(each.collected for each in self.rows.get(var, ()))

    def _same(self, source: Var, out: Var) -> None:
        if source in self.rows:
            self.rows[out] = self.rows[source]
        if source in self.counts:
            self.counts[out] = self.counts[source]

    def _row(self, equation: Equation) -> None:
        """One row of a quantity, or the number of steps that belongs to it."""
        value, index = equation.args
        if type(value) is not Var:
            return
        if type(index) is Var:
            self.read(index)
        if value in self.counts and self.counts[value].around > 0:
            count = self.counts[value]
            self.counts[equation.out] = _Count(count.steps, count.around - 1, (*count.at, index))
        kept: list[_Rows] = []
        for each in self.rows.get(value, ()):
            if index.type.shape:
                self.complete.add(each.collected)
            elif each.around > 0:
                kept.append(each._replace(around=each.around - 1, at=(*each.at, index)))
            elif type(index) is not Var or not self._was_run(each, index):
                self.complete.add(each.collected)
        if kept:
            self.rows[equation.out] = kept

    def _was_run(self, rows: _Rows, counter: Var) -> bool:
        """Whether a counter runs over steps that were run only."""
        limit = self.limits.get(counter)
        return isinstance(limit, _Count) and limit == (rows.steps, 0, rows.at)

    def _loop(self, equation: Equation) -> None:
        loop = Loop.of(equation)
        for atom in loop.initial:
            if type(atom) is Var:
                self.read(atom)
        if loop.count is not None and loop.start == Dim.of(0) and loop.step == 1:
            count = self.counts.get(loop.count) if type(loop.count) is Var else None
            if count is not None:
                self.limits[loop.body.inputs[0]] = count
        if loop.condition is not None:
            self.walk(loop.condition.equations)
        self.walk(loop.body.equations)
        outputs = loop.body.outputs
        for var in outputs[: loop.carried]:
            self.read(var)
        partial = loop.condition is not None or loop.count is not None
        for result, value in zip(loop.collected, outputs[loop.carried :], strict=True):
            within = [each for each in self.rows.get(value, ()) if not each.at]
            self.complete.update(each.collected for each in self.rows.get(value, ()) if each.at)
            self.rows[result] = [each._replace(around=each.around + 1) for each in within]
            if partial:
                self.rows[result].append(_Rows(result, loop.steps, 0))
            inner = self.counts.get(value)
            if inner is not None and not inner.at:
                self.counts[result] = inner._replace(around=inner.around + 1)
        if loop.steps is not None:
            self.counts[loop.steps] = _Count(loop.steps, 0)
