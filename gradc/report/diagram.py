"""A program as a picture: values flow to the right, derivatives flow back.

One node stands for each input and each named quantity.  It shows the author's equation, the
value and the derivative dVar of the final output; each of its operands has a black arrow to it,
and a red arrow back that is labelled with the local partial.

Invariants: the text depends on the arguments alone; nodes have generated names, so no text of
an author's is ever DOT.  Labels are records and plain text, which every build of Graphviz
draws.  Deliberately absent: layout and files (`picture`), evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from gradc.ad.names import adjoint_name
from gradc.ir.dims import shape_text
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.ops.control import Loop
from gradc.report.dot_text import field, label, record, wrapped
from gradc.report.formula_control import loop_heading
from gradc.report.numbers import array_summary, number
from gradc.report.partials import Edge, LocalPartial, Partials, Statement, local_partials

if TYPE_CHECKING:
    from graphviz import Digraph

    from gradc.ir.evaluation import Numeric

# How long a line of a node, and of a label on an arrow, may be, and how many there may be.
_NODE = (44, 3)
_ARROW = (30, 3)

_INK = "#263238"
_GREY = "#78909c"
_RED = "#c62828"
_FONT = "Helvetica,Arial,sans-serif"

# What is told by colour is told by the outline too: rounded, dashed, thin or bold.
_KINDS: Mapping[str, Mapping[str, str]] = {
    "input": {"style": "rounded,filled", "fillcolor": "#e3f2fd"},
    "constant": {"style": "dashed,filled", "fillcolor": "#f5f5f5"},
    "quantity": {"style": "filled", "fillcolor": "#ffffff"},
    "output": {"style": "filled", "fillcolor": "#fff8e1", "penwidth": "2.4"},
}
_NO_PATH = {"color": _GREY, "fontcolor": _GREY}


def diagram(
    program: Program,
    evaluation: Evaluation | None = None,
    partials: Partials | None = None,
    numbers: Mapping[Edge, float] | None = None,
) -> Digraph:
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
    picture.draw()
    return picture.graph


class _Diagram:
    def __init__(
        self,
        program: Program,
        evaluation: Evaluation | None,
        partials: Partials,
        numbers: Mapping[Edge, float],
    ) -> None:
        import graphviz  # costs more to import than a small program to compile

        self.nohtml = graphviz.nohtml
        self.program = program
        self.evaluation = evaluation
        self.partials = partials
        self.numbers = numbers
        self.outputs = frozenset(program.graph.outputs)
        self.results = {s.result: frozenset(s.results) for s in partials.statements}
        self.without_path = _without_path(program, partials)
        self.nodes = {var: f"n{i}" for i, var in enumerate(program.graph.named())}
        self.ports = dict.fromkeys(self.nodes, ("v", "d"))  # of a value, and of its derivative
        self.into = dict.fromkeys(self.nodes, "d")  # where derivatives are pulled back from
        for statement in partials.statements:
            if statement.equations[-1].op == "loop":
                self._share_node(statement)
        self.graph = graphviz.Digraph(
            graph_attr={
                "rankdir": "LR",
                "nodesep": "0.35",
                "ranksep": "0.55",
                "fontname": _FONT,
                "fontsize": "10",
                "fontcolor": _GREY,
                "labelloc": "b",
                "labeljust": "l",
                "pad": "0.2",
            },
            node_attr={
                "shape": "record",
                "fontname": _FONT,
                "fontsize": "12",
                "color": _INK,
                "fontcolor": _INK,
                "margin": "0.14,0.06",
            },
            edge_attr={
                "fontname": _FONT,
                "fontsize": "11",
                "color": _INK,
                "arrowsize": "0.7",
            },
        )

    def draw(self) -> None:
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
        arrows = {(edge.result, edge.operand): edge for edge in self.partials.edges}
        for statement in self.partials.statements:
            for operand in statement.operands:
                self._arrows(statement.result, operand, arrows.get((statement.result, operand)))
        self.graph.attr(label=self.nohtml(label(self._legend(), left=True)))

    # Nodes

    def _share_node(self, statement: Statement) -> None:
        """One node for all results of a loop."""
        outs = statement.equations[-1].outs
        self.nodes.update(dict.fromkeys(outs, self.nodes[statement.result]))
        self.ports.update(dict.fromkeys(outs, ("v", "v")))
        self.ports.update((var, (f"v{i}", f"d{i}")) for i, var in enumerate(statement.results))
        moving = [var for var in statement.results if var in self.partials.adjoint_names]
        reached = [var for var in moving if var not in self.without_path] or moving
        if reached:
            self.into[statement.result] = self.ports[reached[0]][1]

    def _kind(self, var: Var) -> str:
        if var in self.program.constants:
            return "constant"
        return "output" if var in self.outputs else "quantity"

    def _equation(self, statement: Statement) -> str:
        origin = statement.equations[-1].origin
        text = origin.text if origin is not None else statement.result.name
        return f"const {text}" if statement.result in self.program.constants else text

    def _node(self, var: Var, heading: str, kind: str) -> None:
        fields = [field(wrapped(heading, *_NODE), "v")]
        value = self._value(var)
        if value:
            fields.append(field(value))
        derivative = self._derivative(var)
        if derivative:
            fields.append(field(derivative, "d"))
        style = {**_KINDS[kind], **(_NO_PATH if var in self.without_path else {})}
        self.graph.node(self.nodes[var], self.nohtml(record(fields)), _attributes=style)

    def _loop(self, statement: Statement) -> None:
        """One box for a loop, with the fields of each result."""
        heading = loop_heading(Loop.of(statement.equations[-1]))
        fields = [field(wrapped(heading, *_NODE), "v")]
        for i, var in enumerate(statement.results):
            value = self._value(var) if self.evaluation else [_declared(var)]
            fields.append(field(value, f"v{i}"))
            derivative = self._derivative(var)
            if derivative:
                fields.append(field(derivative, f"d{i}"))
        lost = all(var in self.without_path for var in statement.results)
        kind = "output" if not self.outputs.isdisjoint(statement.results) else "quantity"
        style = {**_KINDS[kind], **(_NO_PATH if lost else {})}
        name = self.nodes[statement.result]
        self.graph.node(name, self.nohtml(record(fields)), _attributes=style)

    def _value(self, var: Var) -> list[str]:
        if self.evaluation is None:
            return [f"shape {shape_text(var.type.shape)}"] if var.type.shape else []
        return _assigned(_declared(var), self.evaluation.values[var.name])

    def _derivative(self, var: Var) -> list[str]:
        name = self.partials.adjoint_names.get(var)
        if name is None or var in self.program.constants:
            return []
        if var in self.without_path:
            return [f"{name} = 0 (no path)"]
        adjoints = self.evaluation.adjoints if self.evaluation else {}
        # There are none either where several outputs, or an array, leave open of what.
        return _assigned(name, adjoints[var.name]) if var.name in adjoints else [name]

    # Arrows

    def _arrows(self, result: Var, operand: Var, partial: LocalPartial | None) -> None:
        tail, head = self.nodes[operand], self.nodes[result]
        (value, derivative), into = self.ports[operand], self.into[result]
        self.graph.edge(f"{tail}:{value}:e", f"{head}:v:w")
        if partial is None:
            return
        lost = operand in self.without_path or self.results[result] <= self.without_path
        self.graph.edge(
            f"{tail}:{derivative}:e",
            f"{head}:{into}:w",
            self.nohtml(label(self._partial(partial))),
            dir="back",
            color=_GREY if lost else _RED,
            fontcolor=_GREY if lost else _RED,
        )

    def _partial(self, partial: LocalPartial) -> list[str]:
        known = self.numbers.get((partial.result.name, partial.operand.name))
        text = wrapped(partial.text, *_ARROW)
        if known is None:
            return text
        value = f"= {number(known)}"
        short = len(text) == 1 and len(text[0]) + len(value) < _ARROW[0]
        return [f"{text[0]} {value}"] if short else [*text, value]

    # Legend

    def _legend(self) -> Iterable[str]:
        outputs = ", ".join(var.name for var in self.program.graph.outputs)
        yield from wrapped(f"dX is the derivative of {outputs} with respect to X.", 90, 2)
        yield "Black arrows: values, left to right.  Red arrows: derivatives, right to left,"
        yield "each with the local partial that dVar is multiplied by, or the product itself."
        renamed = [
            f"{name} is the derivative of {var.name}"
            for var, name in self.partials.adjoint_names.items()
            if name != adjoint_name(var)
        ]
        if renamed:
            yield from wrapped("; ".join(renamed), 90, 2)


def _declared(var: Var) -> str:
    return f"{var.name}{shape_text(var.type.shape)}" if var.type.shape else var.name


def _assigned(name: str, value: Numeric) -> list[str]:
    """`name = value`; of a large array the corners, and what it ranges over on a second line."""
    summary, _, ranges = array_summary(value).partition("  (")
    lines = wrapped(f"{name} = {summary}", *_NODE)
    return [*lines, *wrapped(ranges.removesuffix(")"), *_NODE)] if ranges else lines


def _without_path(program: Program, partials: Partials) -> frozenset[Var]:
    """The real quantities on which no output depends differentiably."""
    reached = set(program.graph.outputs)
    results = {statement.result: statement.results for statement in partials.statements}
    for edge in reversed(partials.edges):
        if not reached.isdisjoint(results[edge.result]):
            reached.add(edge.operand)
    return frozenset(var for var in partials.adjoint_names if var not in reached)
