"""Derivatives inside a program: `grad(J, w)`, `jacobian(r, x)` and `hessian(J, w)` as equations.

The result of `expand` asks for no derivative any more, nor do the functions that it calls and
the bodies of its loops.  Requests within those are replaced first, requests of one graph in
their order; so a derivative may be differentiated again.
"""

from __future__ import annotations

from dataclasses import replace

from gradc.ad.activity import REQUESTS, STRUCTURED
from gradc.ad.structured import new_context
from gradc.ir.graph import BODIES, Equation, Graph
from gradc.ir.levels import refuse_too_deep
from gradc.ops.builder import Builder
from gradc.passes.rewriting import with_captured, with_params


def expand(graph: Graph) -> Graph:
    """The graph with equations in the place of all requests for derivatives.

    Raises SourceError where loops stand too deep in one another then.
    """
    found = _Expansion().function(graph)
    if found is not graph:
        refuse_too_deep(found)
    return found


class _Expansion:
    """The functions of one program, each expanded once."""

    def __init__(self) -> None:
        self.context = new_context()
        self.functions: dict[Graph, Graph] = {}
        self._asks: dict[Graph, bool] = {}

    def function(self, graph: Graph) -> Graph:
        """A graph with a scope of its own."""
        if not self.asks(graph):
            return graph
        if graph not in self.functions:
            self.functions[graph] = self.graph(graph, Builder(graph.names(), share=True))
        return self.functions[graph]

    def graph(self, graph: Graph, b: Builder) -> Graph:
        """A graph that asks for derivatives, its equations written to a builder."""
        from gradc.ad.preparation import with_blocks
        from gradc.ad.requests import Request
        from gradc.ad.written import Written

        written = Written(b)
        here = any(equation.op in REQUESTS for equation in graph.equations)
        for equation in with_blocks(b, graph.equations) if here else graph.equations:
            if equation.op in REQUESTS:
                Request(written, self.context, equation).write()
            else:
                b.append(self._with_graphs(equation, b))
            written.note()
        return replace(graph, equations=tuple(written.equations()))

    def asks(self, graph: Graph) -> bool:
        """Whether a graph, or one within it, asks for a derivative."""
        if graph not in self._asks:
            self._asks[graph] = any(
                equation.op in REQUESTS
                or (equation.op in STRUCTURED and any(map(self.asks, equation.graphs())))
                for equation in graph.equations
            )
        return self._asks[graph]

    def _with_graphs(self, equation: Equation, b: Builder) -> Equation:
        if equation.op not in STRUCTURED:
            return equation
        new = {}
        for name, value in equation.params:
            if type(value) is Graph and self.asks(value):
                within = name in BODIES
                new[name] = self.graph(value, b.nested()) if within else self.function(value)
        if not new:
            return equation
        equation = with_params(equation, new)
        return with_captured(equation) if equation.op == "loop" else equation
