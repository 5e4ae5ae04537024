"""A program as a picture: values flow to the right, derivatives flow back.

One node stands for each input and each named quantity.  It shows the author's equation, the
value and the derivative dVar of the final output; each of its operands has an arrow to it, and
an arrow back that is labelled with the local partial.

Invariant: the picture depends on the arguments alone.  Deliberately absent: DOT and Mermaid,
layout and files, evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradc.ir.dims import shape_text
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.ops.control import Loop
from gradc.report.diagram_legend import legend
from gradc.report.diagram_model import Arrow, End, Field, Kind, Node, Picture, Zero
from gradc.report.dot_text import wrapped
from gradc.report.formula_control import loop_heading
from gradc.report.numbers import array_summary, number
from gradc.report.partials import Edge, LocalPartial, Partials, Statement, local_partials

if TYPE_CHECKING:
    from gradc.ir.evaluation import Numeric

# How long a line of a node, and of a label on an arrow, may be, and how many there may be.
_NODE = (44, 3)
_RANGES = (52, 2)
_ARROW = (30, 3)


def diagram(
    program: Program,
    evaluation: Evaluation | None = None,
    partials: Partials | None = None,
    numbers: Mapping[Edge, float] | None = None,
) -> Picture:
    """The picture of a program.

    With an `evaluation` it shows numbers.  `partials` are those of the program, and `numbers`
    those of its scalar local partials (`Partials.by_edge`), shown where given.
    """
    picture = _Diagram(
        program,
        evaluation,
        partials if partials is not None else local_partials(program),
        numbers or {},
    )
    return picture.draw()


class _Diagram:
    def __init__(
        self,
        program: Program,
        evaluation: Evaluation | None,
        partials: Partials,
        numbers: Mapping[Edge, float],
    ) -> None:
        self.program = program
        self.evaluation = evaluation
        self.partials = partials
        self.numbers = numbers
        self.outputs = frozenset(program.graph.outputs)
        self.results = {s.result: frozenset(s.results) for s in partials.statements}
        self.without_path = _without_path(program, partials)
        self.ids = {var: f"n{i}" for i, var in enumerate(program.graph.named())}
        self.ports = dict.fromkeys(self.ids, ("v", "d"))  # of a value, and of its derivative
        self.into = dict.fromkeys(self.ids, "d")  # where derivatives are pulled back from
        for statement in partials.statements:
            if statement.equations[-1].op == "loop":
                self._share_node(statement)
        self.nodes: list[Node] = []
        self.arrows: list[Arrow] = []
        self.taken: set[str] = set()

    def draw(self) -> Picture:
        """Nodes, then arrows, then the legend."""
        kinds = {spec.name: spec for spec in self.program.inputs}
        for var in self.program.graph.inputs:
            spec = kinds[var.name]
            below = f" in {spec.below}" if spec.below is not None else ""
            self._node(var, f"{spec.kind} {_declared(var)}{below}", "input")
        for statement in self.partials.statements:
            if statement.equations[-1].op == "loop":
                self._loop(statement)
            else:
                result = statement.result
                self._node(result, self._equation(statement), self._kind(result))
        edges = {(edge.result, edge.operand): edge for edge in self.partials.edges}
        for statement in self.partials.statements:
            for operand in statement.operands:
                self._arrows(statement.result, operand, edges.get((statement.result, operand)))
        lines = legend(self.program, self.evaluation, self.partials, self.nodes, self.arrows)
        return Picture(tuple(self.nodes), tuple(self.arrows), (), tuple(lines))

    # Nodes

    def _share_node(self, statement: Statement) -> None:
        """One node for all results of a loop."""
        outs = statement.equations[-1].outs
        self.ids.update(dict.fromkeys(outs, self.ids[statement.result]))
        self.ports.update(dict.fromkeys(outs, ("v", "v")))
        self.ports.update((var, (f"v{i}", f"d{i}")) for i, var in enumerate(statement.results))
        moving = [var for var in statement.results if var in self.partials.adjoint_names]
        reached = [var for var in moving if var not in self.without_path] or moving
        if reached:
            self.into[statement.result] = self.ports[reached[0]][1]

    def _kind(self, var: Var) -> Kind:
        if var in self.program.constants:
            return "constant"
        return "output" if var in self.outputs else "quantity"

    def _equation(self, statement: Statement) -> str:
        origin = statement.equations[-1].origin
        text = origin.text if origin is not None else statement.result.name
        return f"const {text}" if statement.result in self.program.constants else text

    def _node(self, var: Var, heading: str, kind: Kind) -> None:
        fields = [Field("heading", tuple(wrapped(heading, *_NODE)), port="v")]
        fields += self._value(var, None)
        fields += self._derivative(var, "d")
        zero = self._zero((var,))
        self.nodes.append(Node(self.ids[var], kind, tuple(fields), (var.name,), zero))

    def _loop(self, statement: Statement) -> None:
        """One box for a loop, with the fields of each result."""
        heading = loop_heading(Loop.of(statement.equations[-1]))
        fields = [Field("heading", tuple(wrapped(heading, *_NODE)), port="v")]
        for var in statement.results:
            value, derivative = self.ports[var]
            shown = self._value(var, value) if self.evaluation else ()
            fields += shown or (Field("value", (_declared(var),), var.name, value),)
            fields += self._derivative(var, derivative)
        kind: Kind = "output" if not self.outputs.isdisjoint(statement.results) else "quantity"
        names = tuple(var.name for var in statement.results)
        zero = self._zero(statement.results)
        self.nodes.append(Node(self.ids[statement.result], kind, tuple(fields), names, zero))

    def _value(self, var: Var, port: str | None) -> tuple[Field, ...]:
        if self.evaluation is not None:
            lines = _assigned(_declared(var), self.evaluation.values[var.name])
        elif var.type.shape:
            lines = [f"shape {shape_text(var.type.shape)}"]
        else:
            return ()
        return (Field("value", tuple(lines), var.name, port),)

    def _derivative(self, var: Var, port: str) -> tuple[Field, ...]:
        name = self.partials.adjoint_names.get(var)
        if name is None or var in self.program.constants:
            return ()
        adjoints = self.evaluation.adjoints if self.evaluation else {}
        if var in self.without_path:
            lines = [f"{name} = 0 (no path)"]
        elif var.name in adjoints:
            lines = _assigned(name, adjoints[var.name])
        else:
            # There are none either where several outputs, or an array, leave open of what.
            lines = [name]
        return (Field("derivative", tuple(lines), var.name, port),)

    def _zero(self, results: tuple[Var, ...]) -> Zero | None:
        """Whether all derivatives of a node vanish, and why."""
        moving = [
            var
            for var in results
            if var in self.partials.adjoint_names and var not in self.program.constants
        ]
        if not moving:
            return None
        if all(var in self.without_path for var in moving):
            return "no path"
        return "number" if all(self._vanishes(var) for var in moving) else None

    def _vanishes(self, var: Var) -> bool:
        """Whether a derivative is known to be 0."""
        adjoints = self.evaluation.adjoints if self.evaluation else {}
        if var in self.without_path:
            return True
        return var.name in adjoints and _is_zero(adjoints[var.name])

    # Arrows

    def _arrows(self, result: Var, operand: Var, partial: LocalPartial | None) -> None:
        tail, head = self.ids[operand], self.ids[result]
        (value, derivative), into = self.ports[operand], self.into[result]
        names = (operand.name, result.name)
        forward = self._id(f"f_{tail}_{head}")
        self.arrows.append(
            Arrow(forward, End(tail, value), End(head, "v"), False, (), *names),
        )
        if partial is None:
            return
        known = self.numbers.get((partial.result.name, partial.operand.name))
        zero: Zero | None = None
        if operand in self.without_path or self.results[result] <= self.without_path:
            zero = "no path"
        elif known == 0 or all(self._vanishes(var) for var in self.results[result]):
            zero = "number"
        lines = tuple(_partial(partial, known))
        ends = End(tail, derivative), End(head, into)
        backward = self._id(f"b_{tail}_{head}")
        self.arrows.append(Arrow(backward, *ends, True, lines, *names, zero=zero))

    def _id(self, wanted: str) -> str:
        """An id that no other arrow has: a loop may hand on several results to one equation."""
        found, i = wanted, 1
        while found in self.taken:
            i += 1
            found = f"{wanted}_{i}"
        self.taken.add(found)
        return found


def _partial(partial: LocalPartial, known: float | None) -> list[str]:
    text = wrapped(partial.text, *_ARROW)
    if known is None:
        return text
    value = f"= {number(known)}"
    short = len(text) == 1 and len(text[0]) + len(value) < _ARROW[0]
    return [f"{text[0]} {value}"] if short else [*text, value]


def _declared(var: Var) -> str:
    return f"{var.name}{shape_text(var.type.shape)}" if var.type.shape else var.name


def _assigned(name: str, value: Numeric) -> list[str]:
    """`name = value`; of a large array its shape, and on a second line what it ranges over."""
    summary, _, about = array_summary(value).partition("  (")
    shape, _, ranges = about.removesuffix(")").partition(", ")
    if not ranges:
        return wrapped(f"{name} = {summary}" + (f"  ({shape})" if shape else ""), *_NODE)
    return [*wrapped(f"{name}: {shape}", *_NODE), *wrapped(ranges, *_RANGES)]


def _is_zero(value: Numeric) -> bool:
    """Whether all elements are 0; of an array without elements, no."""
    if isinstance(value, (bool, int, float)):
        return value == 0
    return value.size > 0 and not value.any()


def _without_path(program: Program, partials: Partials) -> frozenset[Var]:
    """The real quantities on which no output depends differentiably."""
    reached = set(program.graph.outputs)
    results = {statement.result: statement.results for statement in partials.statements}
    for edge in reversed(partials.edges):
        if not reached.isdisjoint(results[edge.result]):
            reached.add(edge.operand)
    return frozenset(var for var in partials.adjoint_names if var not in reached)
