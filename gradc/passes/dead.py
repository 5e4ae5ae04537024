"""Removing what nothing needs: equations, and the results of loops.

`without_dead_equations` keeps what the outputs need, for derivatives.  The pass `dead` also keeps
every quantity with a name: people read those, and their derivatives too.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat

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


#: Of which variables each one is made.
Made = Mapping[Var, tuple[Var, ...]]


class _Dead:
    def __init__(self, keep_names: bool) -> None:
        self.keep_names = keep_names
        self.functions: dict[Graph, Graph] = {}

    def graph(self, graph: Graph, made: Made | None = None) -> Graph:
        """A graph without the equations that it does not need; `made` says of what quantities are
        made, if it is known in the loops around."""
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
                    equation = self._trimmed(equation, live, made)
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

    def _trimmed(self, equation: Equation, live: Container[Atom], made: Made | None) -> Equation:
        if not any(type(value) is Graph for _, value in equation.params):
            return equation
        if equation.op == "loop":
            made = self._made(equation.param("body")) if made is None else made
            equation = self._trimmed_loop(equation, live, made)
        new = {}
        for name, value in equation.params:
            if type(value) is Graph:
                inner = self.graph(value, made) if name in BODIES else self._function(value)
                if inner is not value:
                    new[name] = inner
        if new:
            equation = with_params(equation, new)
        return with_captured(equation) if equation.op == "loop" else equation

    def _function(self, graph: Graph) -> Graph:
        if graph not in self.functions:
            self.functions[graph] = self.graph(graph)
        return self.functions[graph]

    def _made(self, body: Graph) -> Made:
        """Of what the quantities of the body of a loop are made, and those of loops within.

        A result of a loop within is made of all that this reads where names are kept; otherwise of
        what the result comes of, because the others will go.
        """
        found: dict[Var, tuple[Var, ...]] = {}
        pending = [body]
        while pending:
            for equation in pending.pop().equations:
                made: Iterable[tuple[Var, tuple[Var, ...]]]
                made = zip(equation.outs, repeat(tuple(equation.inputs())), strict=False)
                if equation.op == "loop":
                    loop = Loop.of(equation)
                    pending += [loop.body, *([] if loop.condition is None else [loop.condition])]
                    made = made if self.keep_names else _made_by_loop(loop)
                for var, parts in made:  # two bodies may define one quantity
                    found[var] = (*found[var], *parts) if var in found else parts
        return found

    def _trimmed_loop(self, equation: Equation, live: Container[Atom], made: Made) -> Equation:
        """A loop without the results that nothing needs."""
        loop = Loop.of(equation)
        body, results = loop.body, (*loop.finals, *loop.collected)
        wanted = [i for i, out in enumerate(results) if self._stays(out, live)]
        read: list[Var] = []
        if self.keep_names:
            read = [out for eq in body.equations for out in eq.outs if not out.anonymous]
        kept = _needed_results(loop, wanted, read, made)
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


def _needed_results(loop: Loop, wanted: Iterable[int], read: Iterable[Var], made: Made) -> set[int]:
    """The results of a loop that must stay: those wanted, and the carried quantities from which
    they, the condition or what people read in the body come.  `made` says of what each quantity
    of the body is made."""
    places = {var: i for i, var in enumerate(loop.body.inputs[1 : 1 + loop.carried])}
    kept = set(wanted)
    pending = [*(loop.body.outputs[i] for i in kept), *read]
    if loop.condition is not None:
        pending += needed(loop.condition.equations, loop.condition.outputs)
    seen = set(pending)
    while pending:
        var = pending.pop()
        place = places.get(var)
        reached = made.get(var, ())
        if place is not None:
            kept.add(place)
            reached = (loop.body.outputs[place],)
        new = [other for other in reached if other not in seen]
        pending += new
        seen.update(new)
    return kept


def _made_by_loop(loop: Loop) -> Iterator[tuple[Var, tuple[Var, ...]]]:
    """Of what each result of a loop is made, and each carried quantity in its body."""
    always: list[Atom] = [] if loop.count is None else [loop.count]
    if loop.condition is not None:
        always += loop.condition.outputs
    carried, outputs = loop.body.inputs[1 : 1 + loop.carried], loop.body.outputs
    for var, out, first, after in zip(
        carried, loop.finals, loop.initial, outputs[: loop.carried], strict=True
    ):
        yield var, (out,)
        yield out, _variables(after, first, *always)
    for out, after in zip(loop.collected, outputs[loop.carried :], strict=True):
        yield out, _variables(after, *always)
    if loop.steps is not None:
        yield loop.steps, _variables(*always)


def _variables(*atoms: Atom) -> tuple[Var, ...]:
    return tuple(atom for atom in atoms if type(atom) is Var)


def _is(left: Equation, right: Equation) -> bool:
    return left is right


def _dead(graph: Graph) -> Graph:
    return _Dead(keep_names=True).graph(graph)


DEAD = Pass("dead", "Remove nameless parts that nothing needs.", _dead)
