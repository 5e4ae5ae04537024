"""Functions in loops by what is worth keeping of them: `with_kept`.

A loop that is to be run backwards keeps what its derivative reads and cannot compute again with
little arithmetic.  Of some functions, value and derivative both follow of one number (the row's
`kept`): where the function stands in a loop's body it is written so.

Deliberately absent: functions outside of loops, of which nothing is kept from step to step: `tanh`
of an array and its derivative take a fifth longer so.
"""

from __future__ import annotations

from dataclasses import replace

from gradc.ir.graph import BODIES, Equation, Graph
from gradc.ops.builder import Builder
from gradc.ops.expr import Leaf
from gradc.ops.table import PRIMITIVES


def with_kept(graph: Graph) -> Graph:
    """The graph with such functions in bodies of loops written by what is kept of them."""
    return _Keeping().graph(graph, Builder(graph.names(), share=True), False)


class _Keeping:
    def __init__(self) -> None:
        self.functions: dict[tuple[Graph, bool], Graph] = {}

    def graph(self, graph: Graph, b: Builder, in_loop: bool) -> Graph:
        """A graph whose equations a builder takes up."""
        changed = False
        for equation in graph.equations:
            inner = self._with_graphs(equation, b, in_loop)
            rule = PRIMITIVES[equation.op].kept if in_loop else None
            changed = changed or inner is not equation or rule is not None
            if rule is None:
                b.append(inner)
                continue
            b.origin, b.stem = equation.origin, equation.out.again.rstrip("%")
            mark = len(b.equations)
            b.define(equation.out, b.materialise(rule(*map(Leaf, equation.args))), mark)
        return replace(graph, equations=tuple(b.equations)) if changed else graph

    def _function(self, graph: Graph, in_loop: bool) -> Graph:
        """A graph with a scope of names of its own, once for all that call it in a loop."""
        done = self.functions.get((graph, in_loop))
        if done is None:
            b = Builder(graph.names(), share=True)
            done = self.functions[graph, in_loop] = self.graph(graph, b, in_loop)
        return done

    def _with_graphs(self, equation: Equation, b: Builder, in_loop: bool) -> Equation:
        new: dict[str, Graph] = {}
        for name, value in equation.params:
            if type(value) is Graph:
                if name in BODIES:
                    inner = self.graph(value, b.nested(), True)
                else:
                    inner = self._function(value, in_loop)
                if inner is not value:
                    new[name] = inner
        if not new:
            return equation
        params = tuple((name, new.get(name, value)) for name, value in equation.params)
        return equation._replace(params=params)
