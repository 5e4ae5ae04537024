"""Calls of small functions replaced by what the functions compute: `without_small_calls`.

So that it is joined with what is around the call.  A function is small where it has few equations,
counted with all that it calls and has inlined; and one that is called in one place goes there,
unless it is very large.

Invariant: what a function adds to the text is bounded (`_MOST`), however often it is called, so the
text grows no faster than the program.  Deliberately absent: everything but calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from gradc.ir.graph import BODIES, Equation, Graph
from gradc.nests.calls import called
from gradc.ops.builder import Builder
from gradc.passes.inline import inlined
from gradc.passes.rewriting import with_captured, with_params
from gradc.passes.share import SHARE
from gradc.passes.simplify import SIMPLIFY

_SMALL = 150  # equations of a function that is inlined wherever it is called
_MOST = 600  # equations that all calls of a function may add
_LARGE = 300  # equations of a function that stays one, though it is called in one place


def without_small_calls(graph: Graph) -> Graph:
    """The graph with small functions inlined, in the functions that remain too."""
    functions = called(graph)
    if not functions:
        return graph
    places = Counter(callee for each in (*functions, graph) for callee in _callees(each))
    small: dict[Graph, Graph] = {}  # what is inlined
    kept: dict[Graph, Graph] = {}
    for each in functions:
        new = _Inline(small, kept, each).function()
        size = _size(new)
        few = places[each] == 1 and size <= _LARGE
        if few or (size <= _SMALL and size * places[each] <= _MOST):
            small[each] = new
        else:
            kept[each] = new
    new = _Inline(small, kept, graph).function()
    return new if new is graph else SHARE.run(SIMPLIFY.run(new))


def _callees(graph: Graph) -> list[Graph]:
    """The functions called, as often as there are calls."""
    found: list[Graph] = []
    pending = [graph]
    while pending:
        for equation in pending.pop().equations:
            if equation.op == "call":
                found.append(equation.param("graph"))
            else:
                pending.extend(equation.graphs())
    return found


def _size(graph: Graph) -> int:
    """How many equations a graph has, with those of its loops."""
    total = 0
    pending = [graph]
    while pending:
        each = pending.pop()
        total += len(each.equations)
        for equation in each.equations:
            if equation.op != "call":
                pending.extend(equation.graphs())
    return total


class _Inline:
    """One function, with those inlined that are `small`, and calls of what others became."""

    def __init__(
        self, small: Mapping[Graph, Graph], kept: Mapping[Graph, Graph], graph: Graph
    ) -> None:
        self.small = small
        self.kept = kept
        self.whole = graph
        self.builder = Builder(graph.names())

    def function(self) -> Graph:
        """The function itself; the same object where nothing changes."""
        return self.graph(self.whole, self.builder)

    def graph(self, graph: Graph, b: Builder) -> Graph:
        """A graph in the scope of the function."""
        equations: list[Equation] = []
        changed = False
        for equation in graph.equations:
            if not equation.params:
                equations.append(equation)
                continue
            if equation.op == "call":
                callee = equation.param("graph")
                if callee in self.small:
                    body = with_params(equation, {"graph": self.small[callee]})
                    equations += inlined(b, body)
                    changed = True
                    continue
            new = self._with_graphs(equation, b)
            changed = changed or new is not equation
            equations.append(new)
        return replace(graph, equations=tuple(equations)) if changed else graph

    def _with_graphs(self, equation: Equation, b: Builder) -> Equation:
        new: dict[str, Graph] = {}
        for name, value in equation.params:
            if type(value) is Graph:
                inner = (
                    self.graph(value, b.nested()) if name in BODIES else self.kept.get(value, value)
                )
                if inner is not value:
                    new[name] = inner
        if not new:
            return equation
        found = with_params(equation, new)
        return with_captured(found) if found.op == "loop" else found
