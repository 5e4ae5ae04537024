"""Rows that take several steps, by simpler rows: `expanded`.

So that the steps are joined with what is around them.  The steps are a fact of the row
(`Primitive.expansion`).  Bodies of loops are expanded in their scope, functions once.

Deliberately absent: any other change of a graph.
"""

from __future__ import annotations

from dataclasses import replace

from gradc.ir.graph import BODIES, Equation, Graph
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES


def expanded(graph: Graph) -> Graph:
    """The graph without rows that have an expansion."""
    return _Expand().function(graph)


class _Expand:
    def __init__(self) -> None:
        self.functions: dict[Graph, Graph] = {}

    def function(self, graph: Graph) -> Graph:
        """A graph with a scope of names of its own."""
        done = self.functions.get(graph)
        if done is None:
            b = Builder(graph.names(), share=True)
            done = self.functions[graph] = self.graph(graph, b)
        return done

    def graph(self, graph: Graph, b: Builder) -> Graph:
        """A graph whose equations a builder takes up."""
        changed = False
        for equation in graph.equations:
            equation_ = self._with_graphs(equation, b)
            rule = PRIMITIVES[equation.op].expansion
            if rule is None:
                b.append(equation_)
                changed = changed or equation_ is not equation
                continue
            changed = True
            b.origin, b.stem = equation.origin, equation.out.again.rstrip("%")
            mark = len(b.equations)
            b.define(equation.out, rule(b, equation), mark)
        return replace(graph, equations=tuple(b.equations)) if changed else graph

    def _with_graphs(self, equation: Equation, b: Builder) -> Equation:
        new: dict[str, Graph] = {}
        for name, value in equation.params:
            if type(value) is Graph:
                inner = self.graph(value, b.nested()) if name in BODIES else self.function(value)
                if inner is not value:
                    new[name] = inner
        if not new:
            return equation
        params = tuple((name, new.get(name, value)) for name, value in equation.params)
        return equation._replace(params=params)
