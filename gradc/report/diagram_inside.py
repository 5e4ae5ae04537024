"""Loops and functions, opened: a frame around the equations of one step or one call.

In the frame of a loop stand what it carries, each as it comes from the step before, and its
statements.  A statement that makes a result of the loop has that result's value and derivative:
after the last step.  All others have no numbers, which differ from step to step.  A dashed arrow
leads from what is carried to where the next step reads it.

A function has a frame of its own, drawn once however often it is called.

Invariant: the ids of what stands in a frame begin with the name of its loop or function.
Recursive in how deep loops are nested, as far as a reader asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gradc.ad.names import stem
from gradc.ad.rules import authored_partials, differentiable
from gradc.ir.dims import shape_text
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.report.bodies import Inner, inner_statements, partials_of
from gradc.report.diagram_model import Arrow, End, Field, Frame, Kind, Node
from gradc.report.dot_text import wrapped
from gradc.report.formula import Formulas
from gradc.report.formula_control import loop_heading
from gradc.report.notation import Piece
from gradc.report.partials import THROUGH_LOOP, Statement
from gradc.report.paths import Paths

_LINES = (44, 3)
_LABEL = (30, 3)
_HEADING = (96, 2)

_FIRST = "through the first value"


class Entry(NamedTuple):
    """Where something from outside is read: a node, the port from which a derivative comes
    back, and the local partial; None where none comes."""

    node: str
    into: str | None
    lines: tuple[str, ...] | None


class Exit(NamedTuple):
    """Where a quantity is found: a node, with the ports of its value and its derivative."""

    node: str
    value: str
    derivative: str | None


class Result(NamedTuple):
    """A result of a loop and the fields that show it, the first with its value."""

    var: Var
    fields: tuple[Field, ...]

    def exit(self, node: str) -> Exit:
        """Where the result is found in the node that shows it."""
        back = [part.port for part in self.fields if part.role == "derivative"]
        return Exit(node, self.fields[0].port or "v", back[0] if back else None)


@dataclass
class Opened:
    """A frame with what is in it, and how that is connected to what is not."""

    frame: Frame
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    entries: dict[Var, list[Entry]] = field(default_factory=dict)
    exits: dict[Var, Exit] = field(default_factory=dict)


def opened_loop(
    name: str,
    statement: Statement,
    results: Iterable[Result],
    outputs: frozenset[Var],
    constants: frozenset[Var],
    depth: int,
) -> Opened:
    """A loop with its body, and the numbers of its results, some of them outputs."""
    equation = next(e for e in statement.equations if e.op == "loop")
    loop = Loop.of(equation)
    carried = loop.body.inputs[1 : 1 + loop.carried]
    body = _Body(name, constants, depth, outputs)
    body.unseen.add(loop.body.inputs[0])
    for inside, first in zip(carried, loop.initial, strict=True):
        body.carry(inside, first, statement)
    body.results = _by_source(loop, equation, results)
    body.statements(inner_statements(loop.body))
    if loop.condition is not None:
        body.condition(loop.condition)
    for made, inside in zip(loop.body.outputs, carried, strict=False):
        body.hand_on(made, inside)
    body.leave()
    heading = equation.origin.text if equation.origin is not None else loop_heading(loop)
    return body.framed(wrapped(heading, *_HEADING))


def opened_function(name: str, graph: Graph, call: Equation, title: str, depth: int) -> Opened:
    """A function, which nothing outside is connected to."""
    body = _Body(name, frozenset(), depth, frozenset(graph.outputs))
    heading = wrapped(title, *_HEADING)
    stated = authored_partials(call)
    if stated is not None:
        body.differentiated = False
        formulas = Formulas(stated.equations, inlined=lambda var: True)
        moving = [var for var in graph.inputs if differentiable(var)]
        said = ", ".join(
            f"d{stem(var)} = {formulas.of(partial)}"
            for var, partial in zip(moving, stated.outputs, strict=False)
        )
        heading += wrapped(f"with {said}", *_HEADING)
    for var in graph.inputs:
        body.argument(var)
    body.statements(inner_statements(graph))
    return body.framed(heading)


def _by_source(
    loop: Loop, equation: Equation, results: Iterable[Result]
) -> dict[Var, list[Result]]:
    """The results of a loop, by what the body makes of them."""
    made = dict(zip(equation.outs, loop.body.outputs, strict=False))
    found: dict[Var, list[Result]] = {}
    for result in results:
        # What is moved behind the loop is known by its name.
        named = [out for out in loop.body.outputs if stem(out) == stem(result.var)]
        source = made.get(result.var) or (named or [result.var])[0]
        found.setdefault(source, []).append(result)
    return found


class _Body:
    """Collects the nodes and arrows of one frame."""

    def __init__(
        self, name: str, constants: frozenset[Var], depth: int, outputs: frozenset[Var]
    ) -> None:
        self.name = name
        self.constants = constants
        self.depth = depth
        self.outputs = outputs  # of the program, or what a function returns
        self.differentiated = True
        self.results: dict[Var, list[Result]] = {}
        self.unseen: set[Var] = set()  # the index of a loop stands in the heading
        self.paths = Paths(constants)
        self.nodes: list[Node] = []
        self.own: list[str] = []  # nodes that are in no inner frame
        self.frames: list[Frame] = []
        self.arrows: list[Arrow] = []
        self.entries: dict[Var, list[Entry]] = {}
        self.exits: dict[Var, Exit] = {}
        self.made: dict[Var, Exit] = {}  # where each quantity of the body is found
        self.counts: dict[str, int] = {}

    def framed(self, heading: Sequence[str]) -> Opened:
        """The frame, complete."""
        frame = Frame(f"c{self.name}", tuple(heading), tuple(self.own), tuple(self.frames))
        return Opened(frame, self.nodes, self.arrows, self.entries, self.exits)

    # Nodes

    def carry(self, inside: Var, first: Atom, statement: Statement) -> None:
        """What comes from the step before, and at first from outside."""
        title = f"{_declared(inside)} of the step before"
        place = self._quantity("carried", title, inside)
        if type(first) is not Var:
            return
        begin = Statement((first,), statement.equations, statement.operands)
        moving = self.paths.operands(begin)
        for var in _read_by(begin):
            lines = ("1",) if var is first else (_FIRST,)
            self._read(var, place.node, place.derivative, lines if var in moving else None)

    def argument(self, var: Var) -> None:
        """An argument of a function."""
        self._quantity("input", f"argument {_declared(var)}", var)

    def condition(self, graph: Graph) -> None:
        """What is asked before each step."""
        names = {var: Piece(stem(var)) for var in graph.inputs}
        formulas = Formulas(graph.equations, inlined=lambda var: True, names=names)
        heading = wrapped(f"while {formulas.of(graph.outputs[0])}", *_LINES)
        node = self._node("part", [Field("heading", tuple(heading), port="v")])
        read = {var for equation in graph.equations for var in equation.inputs()}
        for var in graph.inputs:
            if var in read:
                self._read(var, node, None, None)

    def statements(self, inner: Iterable[Inner]) -> None:
        """The statements, in order; loops among them are opened while the depth lasts."""
        for one in inner:
            if one.loop is not None and self.depth > 1:
                self._loop(one)
            else:
                self._statement(one)

    def leave(self) -> None:
        """The results that no statement of the body makes: carried on as they are, or read."""
        for made, results in self.results.items():
            names = ", ".join(stem(result.var) for result in results)
            node = self._with_results(names, results)
            self._read(made, node, self.exits[results[0].var].derivative, ("1",))

    def _quantity(self, kind: Kind, title: str, var: Var) -> Exit:
        """A node for one quantity without numbers."""
        fields = [Field("heading", tuple(wrapped(title, *_LINES)), port="v")]
        if kind not in ("carried", "input") and var.type.shape:
            fields.append(Field("value", (f"shape {shape_text(var.type.shape)}",)))
        if differentiable(var):
            fields.append(Field("derivative", (f"d{stem(var)}",), port="d"))
        node = self._node(kind, fields)
        self.made[var] = Exit(node, "v", "d" if differentiable(var) else None)
        return self.made[var]

    def _with_results(self, title: str, results: Sequence[Result]) -> str:
        """A node that shows results of the loop."""
        heading = Field("heading", tuple(wrapped(title, *_LINES)), port="v")
        shown = [part for one in results for part in one.fields]
        node = self._node(self._kind(one.var for one in results), [heading, *shown])
        self.exits.update((one.var, one.exit(node)) for one in results)
        return node

    def _node(self, kind: Kind, fields: Sequence[Field]) -> str:
        found = f"{self.name}i{len(self.nodes)}"
        names = dict.fromkeys(part.quantity for part in fields if part.quantity is not None)
        self.nodes.append(Node(found, kind, tuple(fields), tuple(names)))
        self.own.append(found)
        return found

    def _statement(self, one: Inner) -> None:
        statement = one.statement
        places = self._places(one)
        self.made.update(places)
        labels: dict[Var, tuple[str, ...]] = {}
        if self.differentiated and one.loop is None:
            for edge in partials_of(one, self.constants):
                labels[edge.operand] = tuple(wrapped(edge.text, *_LABEL))
        elif self.differentiated:
            labels = dict.fromkeys(self.paths.operands(statement), (THROUGH_LOOP,))
        node = places[statement.result].node
        back = next((p.derivative for p in places.values() if p.derivative is not None), None)
        drawn: set[Exit] = set()
        for var in statement.operands:
            # What a call hands out besides its result is found where that is.
            source = self.made.get(var)
            if source is None or source not in drawn:
                self._read(var, node, back, labels.get(var))
            if source is not None:
                drawn.add(source)

    def _places(self, one: Inner) -> dict[Var, Exit]:
        """The node of a statement, and where its results are found in it."""
        every = one.statement.results
        results = [found for var in every for found in self.results.pop(var, ())]
        if results:
            node = self._with_results(one.text, results)
            backs = (self.exits[found.var].derivative for found in results)
            return dict.fromkeys(every, Exit(node, "v", next(filter(None, backs), None)))
        if one.loop is not None and len(every) > 1:
            unknown = [Result(var, _unknown(var, i)) for i, var in enumerate(every)]
            heading = Field("heading", tuple(wrapped(one.text, *_LINES)), port="v")
            node = self._node("part", [heading, *(f for found in unknown for f in found.fields)])
            return {found.var: found.exit(node) for found in unknown}
        return dict.fromkeys(every, self._quantity(self._kind(every), one.text, every[0]))

    def _kind(self, results: Iterable[Var]) -> Kind:
        return "part" if self.outputs.isdisjoint(results) else "output"

    def _loop(self, one: Inner) -> None:
        """A loop within this body, opened; what leaves it may leave this one too."""
        leaving = {var: self.results.pop(var, []) for var in one.statement.results}
        results = []
        for i, (var, outer) in enumerate(leaving.items()):
            shown = [part for found in outer for part in found.fields]
            results.append(Result(var, tuple(shown) or _unknown(var, i)))
        outputs = frozenset(
            var for var, outer in leaving.items() if self._kind(r.var for r in outer) == "output"
        )
        name = f"{self.name}l{len(self.frames)}"
        inside = opened_loop(name, one.statement, results, outputs, self.constants, self.depth - 1)
        self.nodes += inside.nodes
        self.arrows += inside.arrows
        self.frames.append(inside.frame)
        self.made.update(inside.exits)
        for var, outer in leaving.items():
            self.exits.update((found.var, found.exit(inside.exits[var].node)) for found in outer)
        for var, entries in inside.entries.items():
            for entry in entries:
                self._read(var, *entry)

    # Arrows

    def hand_on(self, made: Var, inside: Var) -> None:
        """The arrow from what a step makes to where the next one reads it."""
        source, target = self.made.get(made), self.made[inside]
        if source is None:
            lines = ("1",) if differentiable(made) and made not in self.constants else None
            self._read(made, target.node, target.derivative, lines)
            return
        returns = source.derivative is not None and target.derivative is not None
        ident = self._id(f"f_{source.node}_{target.node}")
        ends = End(source.node, source.value), End(target.node, target.value)
        self.arrows.append(Arrow(ident, *ends, False, returns, carried=True))

    def _read(self, var: Var, node: str, into: str | None, lines: tuple[str, ...] | None) -> None:
        """The arrows between a node and what it reads: here, or left to who knows what is
        outside."""
        source = self.made.get(var)
        if var in self.unseen:
            return
        if source is None:
            self.entries.setdefault(var, []).append(Entry(node, into, lines))
            return
        ident = self._id(f"f_{source.node}_{node}")
        self.arrows.append(Arrow(ident, End(source.node, source.value), End(node, "v")))
        if lines is not None and into is not None and source.derivative is not None:
            ident = f"b{ident[1:]}"
            ends = End(source.node, source.derivative), End(node, into)
            self.arrows.append(Arrow(ident, *ends, True, False, lines))

    def _id(self, wanted: str) -> str:
        self.counts[wanted] = self.counts.get(wanted, 0) + 1
        return wanted if self.counts[wanted] == 1 else f"{wanted}_{self.counts[wanted]}"


def _read_by(statement: Statement) -> list[Var]:
    """The operands from which the result of a statement is computed."""
    reached = set(statement.results)
    for equation in reversed(statement.equations):
        if not reached.isdisjoint(equation.outs):
            reached.update(equation.inputs())
    return [var for var in statement.operands if var in reached]


def _unknown(var: Var, at: int) -> tuple[Field, ...]:
    """The fields of a result that has no number, at ports that no other result has."""
    fields = [Field("value", (_declared(var),), port=f"u{at}")]
    if differentiable(var):
        fields.append(Field("derivative", (f"d{stem(var)}",), port=f"e{at}"))
    return tuple(fields)


def _declared(var: Var) -> str:
    return f"{stem(var)}{shape_text(var.type.shape)}" if var.type.shape else stem(var)
