"""Calls without the derivatives that their author states, so that those follow from the equations.

Not a pass of the pipeline: checking a derivative asks what it would be without some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gradc.ad.reverse import vjp
from gradc.ad.rules import authored_partials, differentiable
from gradc.ir.graph import Atom, Equation, Graph, Lit, Var
from gradc.ops.builder import Builder
from gradc.passes.copying import Copies
from gradc.passes.rewriting import with_params

#: Of a function that is named: the number of the one partial that is derived, or None for all.
Left = Mapping[str, int | None]


def authored(graph: Graph) -> dict[str, tuple[Graph, ...]]:
    """The partials that authors state, by the names of their functions, each graph once."""
    found: dict[str, dict[Graph, None]] = {}
    seen: set[Graph] = set()
    pending = [graph]
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        for equation in here.equations:
            pending.extend(equation.graphs())
            partials = authored_partials(equation)
            if partials is not None:
                name = equation.param("graph").name
                found.setdefault(name, {}).setdefault(partials)
    return {name: tuple(graphs) for name, graphs in found.items()}


def without_authored(graph: Graph, left: Left) -> Graph:
    """The graph with derivatives of these functions left to be derived."""
    return _Unauthored(left).graph(graph)


class _Unauthored:
    def __init__(self, left: Left) -> None:
        self.left = left
        self.known: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        if graph not in self.known:
            equations = tuple(map(self._equation, graph.equations))
            same = all(a is b for a, b in zip(equations, graph.equations, strict=True))
            self.known[graph] = graph if same else replace(graph, equations=equations)
        return self.known[graph]

    def _equation(self, equation: Equation) -> Equation:
        new = dict(self._changes(equation))
        return with_params(equation, new) if new else equation

    def _changes(self, equation: Equation) -> Iterator[tuple[str, Graph | None]]:
        for name, value in equation.params:
            if type(value) is not Graph:
                continue
            if name == "partials" and equation.param("graph").name in self.left:
                which = self.left[equation.param("graph").name]
                yield name, None if which is None else _with_one_derived(equation, value, which)
            else:
                inner = self.graph(value)
                if inner is not value:
                    yield name, inner


def _with_one_derived(equation: Equation, partials: Graph, which: int) -> Graph:
    """The author's partials, but for one, which follows from the equations of the function.

    Where that is no array of the shape that the author's has, the author's stays.
    """
    graph: Graph = equation.param("graph")
    real = [var for var in graph.inputs if differentiable(var)]
    reverse = vjp(graph, (real[which],))
    stated, derived = partials.outputs[which], reverse.adjoints[0]
    if derived.type.shape != stated.type.shape:
        return partials
    b = Builder(partials.names())
    for written in partials.equations:
        b.append(written)
    (seed,) = reverse.seeds
    shape = seed.type.shape
    one: Atom = b.broadcast(Lit(1.0), shape, ()) if shape else Lit(1.0)
    known: dict[Var, Atom] = dict(zip(graph.inputs, partials.inputs, strict=True))
    copies = Copies(b, {**known, seed: one})
    for copied in copies.equations(reverse.graph.equations):
        b.append(copied)
    found = copies.atom(derived)
    if type(found) is not Var:
        found = b.emit("copy", (found,))
    outputs = tuple(found if i == which else out for i, out in enumerate(partials.outputs))
    return replace(partials, equations=tuple(b.equations), outputs=outputs)
