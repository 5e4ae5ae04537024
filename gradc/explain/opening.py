"""A program as its author sees it, where derivatives that it asks for stand as equations.

Those call functions that the author never wrote, such as the reverse sweep of one that is theirs.
Here such calls stand open, so that every operation in them is one like any other.  What stays
hidden is said of its statement as a whole: loops over the elements of a result, and calls where
opening them all would make the program many times as long.

Invariant: the values are the same, under the same variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gradc.ad.expand import expand
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.passes.inline import inlined
from gradc.passes.rewriting import Rule, rewritten, with_params
from gradc.passes.simplify import Simplify
from gradc.report.partials import Statement

# More equations than this are not opened, beyond those that a program has.
_MOST_OPENED = 2_000


def expanded(written: Program) -> Program:
    """A program that asks for derivatives, with those; its loops are those that its author wrote.

    A derivative of a loop with checkpoints is written over blocks of steps; without checkpoints
    it has the same numbers.
    """
    graph = written.graph
    if any(_checkpoints(equation) for _, equation in holding(graph)):
        graph = rewritten(graph, lambda graph: _Plain())
    graph = expand(graph)
    return written if graph is written.graph else replace(written, graph=graph)


@dataclass(frozen=True)
class Authored:
    """What of a program its author wrote."""

    functions: frozenset[str]
    loops: frozenset[Var]  # all that they make
    texts: Mapping[Var, str]  # the statement of each quantity


def authored(written: Program) -> Authored:
    """What its author wrote of a program that still asks for its derivatives."""
    graphs = {written.graph: None}
    functions: set[str] = set()
    loops: set[Var] = set()
    for scope, equation in holding(written.graph):
        graphs[scope] = None
        graphs.update(dict.fromkeys(equation.graphs()))
        if equation.op == "call":
            functions.add(equation.param("graph").name)
        else:
            loops.update(equation.outs)
    texts = {
        out: equation.origin.text
        for graph in graphs
        for equation in graph.equations
        if equation.origin is not None
        for out in equation.outs
    }
    return Authored(frozenset(functions), frozenset(loops), texts)


def holding(graph: Graph) -> Iterator[tuple[Graph, Equation]]:
    """The equations that hold graphs, outer ones first, each with the graph that it is in."""
    pending, seen = [graph], {graph}
    for here in pending:
        for equation in here.equations:
            inner = list(equation.graphs())
            if inner:
                yield here, equation
            pending += [each for each in inner if each not in seen]
            seen.update(inner)


def names_of(equation: Equation) -> Iterator[str]:
    """The names by which one goes into what an equation holds: that of a function, or of all that
    a loop makes."""
    if equation.op == "call":
        yield equation.param("graph").name
        return
    loop = Loop.of(equation)
    for out in (*loop.finals, *loop.collected):
        yield out.name.partition("%")[0]


def opened(graph: Graph, authored: Authored) -> Graph:
    """A graph with the equations of those functions that are not the author's."""
    if not any(_foreign(equation, authored) for equation in graph.equations):
        return graph
    b = Builder(graph.names())
    found: list[Equation] = []
    within: set[Var] = set()  # what stood in a function
    for equation in graph.equations:
        pending = [equation]
        while pending:
            each = pending.pop()
            if _foreign(each, authored) and len(within) < _MOST_OPENED:
                parts = inlined(b, each)
                within.update(out for part in parts for out in part.outs)
                pending += reversed(parts)
            else:
                found.append(each)
    whole = replace(graph, equations=tuple(found))
    return rewritten(whole, lambda graph: Simplify(Builder(graph.names()), within))


def is_hidden(statement: Statement, authored: Authored) -> bool:
    """Whether a statement goes through what its author never wrote, so that it is one step."""
    *parts, last = statement.equations
    if any(part.op == "loop" or _foreign(part, authored) for part in parts):
        return True
    own = authored.loops
    return (last.op == "loop" and own.isdisjoint(last.outs)) or _foreign(last, authored)


def _foreign(equation: Equation, authored: Authored) -> bool:
    """Whether an equation calls a function that is not the author's: those have one result."""
    called = equation.op == "call"
    return called and (
        bool(equation.others) or equation.param("graph").name not in authored.functions
    )


def _checkpoints(equation: Equation) -> bool:
    return equation.op == "loop" and equation.param("checkpoint") is not None


class _Plain:
    """Loops without checkpoints."""

    def __init__(self) -> None:
        self.equations: list[Equation] = []

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        """Nothing is replaced."""
        return None

    @property
    def keep(self) -> Callable[[Equation], None]:
        """What appends an equation."""
        return self._append

    def _append(self, equation: Equation) -> None:
        plain = with_params(equation, {"checkpoint": None}) if _checkpoints(equation) else equation
        self.equations.append(plain)

    def within(self) -> Rule:
        """The rule for the body of a loop."""
        return _Plain()
