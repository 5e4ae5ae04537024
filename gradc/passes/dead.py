"""Removing what nothing needs: equations, and the results of loops.

`without_dead_equations` keeps what the outputs need, for derivatives.  The pass `dead` also keeps
every quantity with a name: people read those, and their derivatives too.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from gradc.ir.graph import BODIES, Atom, Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.passes.entry import Pass
from gradc.passes.rewriting import with_captured, with_params


def needed(equations: Iterable[Equation], results: Iterable[Var]) -> set[Var]:
    """The variables on which results depend, the results included."""
    live = set(results)
    for equation in reversed(tuple(equations)):
        if equation.out in live or (equation.others and not live.isdisjoint(equation.others)):
            live.update(equation.inputs())
    return live


def only_needed(equations: Sequence[Equation], results: Iterable[Var]) -> list[Equation]:
    """Those of the equations on which results depend."""
    live = needed(equations, results)
    return [equation for equation in equations if not live.isdisjoint(equation.outs)]


def without_dead_equations(graph: Graph) -> Graph:
    """The graph with the equations that its outputs need, in the same order."""
    return _Dead(keep_names=False).graph(graph)


class _Dead:
    def __init__(self, keep_names: bool) -> None:
        self.keep_names = keep_names
        self.functions: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        """A graph without the equations that it does not need."""
        live: set[Atom] = set(graph.outputs)
        kept: list[Equation] = []
        keep_names = self.keep_names
        for equation in reversed(graph.equations):
            out = equation.out
            if (
                out in live
                or (keep_names and "%" not in out.name)
                or (equation.others and self._any_stays(equation.others, live))
            ):
                if equation.params:
                    equation = self._trimmed(equation, live)
                live.update(equation.args)  # literals among them do no harm
                kept.append(equation)
        kept.reverse()
        if len(kept) == len(graph.equations) and all(map(_is, kept, graph.equations)):
            return graph
        return replace(graph, equations=tuple(kept))

    def _stays(self, out: Var, live: Container[Atom]) -> bool:
        return out in live or (self.keep_names and not out.anonymous)

    def _any_stays(self, outs: Iterable[Var], live: Container[Atom]) -> bool:
        return any(self._stays(out, live) for out in outs)

    def _trimmed(self, equation: Equation, live: Container[Atom]) -> Equation:
        if not any(type(value) is Graph for _, value in equation.params):
            return equation
        if equation.op == "loop":
            equation = self._trimmed_loop(equation, live)
        new = {}
        for name, value in equation.params:
            if type(value) is Graph:
                inner = self.graph(value) if name in BODIES else self._function(value)
                if inner is not value:
                    new[name] = inner
        if new:
            equation = with_params(equation, new)
        return with_captured(equation) if equation.op == "loop" else equation

    def _function(self, graph: Graph) -> Graph:
        if graph not in self.functions:
            self.functions[graph] = self.graph(graph)
        return self.functions[graph]

    def _trimmed_loop(self, equation: Equation, live: Container[Atom]) -> Equation:
        """A loop without the results that nothing needs."""
        loop = Loop.of(equation)
        body, results = loop.body, (*loop.finals, *loop.collected)
        wanted = [i for i, out in enumerate(results) if self._stays(out, live)]
        read = [out for eq in body.equations for out in eq.outs if self.keep_names]
        kept = _needed_results(loop, wanted, [out for out in read if not out.anonymous])
        if len(kept) == len(results):
            return equation
        carried = [i for i in range(loop.carried) if i in kept]
        inputs = [body.inputs[0], *(body.inputs[1 + i] for i in carried)]
        inputs += body.inputs[1 + loop.carried :]
        outputs = tuple(out for i, out in enumerate(body.outputs) if i in kept)
        graphs = {"body": replace(body, inputs=tuple(inputs), outputs=outputs)}
        if loop.condition is not None:
            graphs["condition"] = replace(loop.condition, inputs=tuple(inputs))
        count = () if loop.count is None else (loop.count,)
        args = (*count, *(loop.initial[i] for i in carried), *loop.captured)
        outs = [out for i, out in enumerate(results) if i in kept]
        outs += [] if loop.steps is None else [loop.steps]
        trimmed = equation._replace(out=outs[0], others=tuple(outs[1:]), args=args)
        return with_params(trimmed, {**graphs, "carried": len(carried)})


def _needed_results(loop: Loop, wanted: Iterable[int], read: Iterable[Var]) -> set[int]:
    """The results of a loop that must stay: those wanted, and the carried quantities from which
    they, the condition or what people read in the body come."""
    places = {var: i for i, var in enumerate(loop.body.inputs[1 : 1 + loop.carried])}
    definitions = {out: eq for eq in loop.body.equations for out in eq.outs}
    kept = set(wanted)
    pending = [*(loop.body.outputs[i] for i in kept), *read]
    if loop.condition is not None:
        pending += needed(loop.condition.equations, loop.condition.outputs)
    seen = set(pending)
    while pending:
        var = pending.pop()
        place = places.get(var)
        reached: list[Var] = []
        if place is not None:
            kept.add(place)
            reached = [loop.body.outputs[place]]
        elif var in definitions:
            reached = definitions[var].inputs()
        pending += [other for other in reached if other not in seen]
        seen.update(reached)
    return kept


def _is(left: Equation, right: Equation) -> bool:
    return left is right


def _dead(graph: Graph) -> Graph:
    return _Dead(keep_names=True).graph(graph)


DEAD = Pass("dead", "Remove nameless parts that nothing needs.", _dead)
