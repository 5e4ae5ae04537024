"""A program as a picture: values flow to the right, derivatives flow back.

One node stands for each input and each named quantity, or for several as a `View` asks.  Each
of its operands has an arrow to it, and an arrow back that is labelled with the local partial.

Invariant: the picture depends on the arguments alone.  Deliberately absent: DOT and Mermaid,
layout and files, evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.diagram_boxes import Boxes, from_to
from gradc.report.diagram_functions import called
from gradc.report.diagram_inside import Entry, Exit, Opened, opened_function, opened_loop
from gradc.report.diagram_legend import legend
from gradc.report.diagram_model import Arrow, End, Frame, Node, Picture, Zero
from gradc.report.diagram_plan import Plan, plan
from gradc.report.dot_text import wrapped
from gradc.report.numbers import number
from gradc.report.partials import Edge, Partials, Statement, local_partials
from gradc.report.paths import Paths
from gradc.report.view import View

# How long a line of a label on an arrow may be, and how many there may be.
_LABEL = (30, 3)


def diagram(
    program: Program,
    plan_: Plan | None = None,
    evaluation: Evaluation | None = None,
    partials: Partials | None = None,
    numbers: Mapping[Edge, float] | None = None,
) -> Picture:
    """The picture of a program.

    With an `evaluation` it shows numbers.  `partials` are those of the statements that the plan
    shows, and `numbers` those of their scalar local partials (`Partials.by_edge`).
    """
    chosen = plan_ if plan_ is not None else plan(program, View())
    if partials is None:
        partials = partials_shown(program, chosen)
    return _Diagram(program, chosen, evaluation, partials, numbers or {}).draw()


def partials_shown(program: Program, chosen: Plan) -> Partials:
    """The local partials of the statements that are written out."""
    written = {statement.result for statement in chosen.shown}
    return local_partials(program, chosen=written)


@dataclass
class _Bundle:
    """What flows between two boxes: pairs of an operand and the result of what reads it."""

    pairs: list[tuple[Var, Var]] = field(default_factory=list)
    back: list[tuple[Var, Var]] = field(default_factory=list)  # those with a derivative


class _Diagram:
    def __init__(
        self,
        program: Program,
        plan: Plan,
        evaluation: Evaluation | None,
        partials: Partials,
        numbers: Mapping[Edge, float],
    ) -> None:
        self.program = program
        self.plan = plan
        self.evaluation = evaluation
        self.numbers = numbers
        self.partials = {(edge.result, edge.operand): edge for edge in partials.edges}
        self.adjoint_names = partials.adjoint_names
        self.operands = self._differentiable_operands()
        lost = self._without_path()
        self.boxes = Boxes(program, plan, evaluation, partials.adjoint_names, lost)
        self.lost = lost
        self.nodes = [self.boxes.node(box) for box in plan.boxes]
        self.opened = dict(self._opened())
        self.arrows: list[Arrow] = []
        self.taken: set[str] = set()

    def draw(self) -> Picture:
        """Nodes, then arrows, then the legend."""
        for (tail, head, _, carried), bundle in self._bundles().items():
            self._arrow(tail, head, carried, bundle)
        nodes = [node for i, node in enumerate(self.nodes) if i not in self.opened]
        frames = list(self._frames())
        for i, inside in self.opened.items():
            # What is after the last step may have no path where what is in the loop has one.
            zero = self.nodes[i].zero
            nodes += (replace(n, zero=zero if n.quantities else None) for n in inside.nodes)
        functions = list(self._functions())
        nodes += (node for inside in functions for node in inside.nodes)
        for inside in (*self.opened.values(), *functions):
            self.arrows += inside.arrows
            frames.append(inside.frame)
        outputs = tuple(var.name for var in self.program.graph.outputs)
        picture = Picture(outputs, tuple(nodes), tuple(self.arrows), tuple(frames), ())
        lines = legend(self.program, self.plan, self.evaluation, self.adjoint_names, picture)
        return replace(picture, legend=tuple(lines))

    # What is opened

    def _opened(self) -> Iterator[tuple[int, Opened]]:
        """The loops that are opened, by their boxes."""
        for i, box in enumerate(self.plan.boxes):
            source = self.plan.units[box.units[0]].source
            if not (self.plan.depth and box.content == "one" and isinstance(source, Statement)):
                continue
            if source.equations[-1].op == "loop":
                yield (
                    i,
                    opened_loop(
                        self.nodes[i].id,
                        source,
                        list(self.boxes.results(source)),
                        self.boxes.outputs,
                        self.program.constants,
                        self.plan.depth,
                    ),
                )

    def _functions(self) -> Iterator[Opened]:
        """The functions that are opened."""
        for i, one in enumerate(called(self.plan.functions, self.plan.shown, self.plan.depth)):
            yield opened_function(f"d{i}", one.graph, one.call, one.title, one.depth)

    # What depends on what

    def _differentiable_operands(self) -> dict[int, frozenset[Var]]:
        """For each statement, the operands to which a derivative comes back."""
        written = {statement.result for statement in self.plan.shown}
        found: dict[int, frozenset[Var]] = {}
        paths = Paths(self.program.constants)
        for i, unit in enumerate(self.plan.units):
            source = unit.source
            if not isinstance(source, Statement):
                continue
            if source.result in written:
                own = (v for v in unit.operands if (source.result, v) in self.partials)
                found[i] = frozenset(own)
            else:
                found[i] = frozenset(paths.operands(source))
        return found

    def _without_path(self) -> frozenset[Var]:
        """The real quantities on which no output depends differentiably."""
        reached = set(self.program.graph.outputs)
        for i in reversed(self.operands):
            if not reached.isdisjoint(self.plan.units[i].results):
                reached |= self.operands[i]
        return frozenset(var for var in self.adjoint_names if var not in reached)

    def _bundles(self) -> dict[tuple[int, int, Var | None, bool], _Bundle]:
        """What flows between boxes; between quantities alone, each operand by itself."""
        plan, box_of = self.plan, self.plan.box_of
        block_of = {box: i for i, block in enumerate(plan.blocks) for box in block.boxes}
        repetition: dict[int, int] = {}
        for box, block in block_of.items():
            units = plan.boxes[box].units
            each = len(units) // plan.blocks[block].times
            repetition.update((unit, i // each) for i, unit in enumerate(units))
        found: dict[tuple[int, int, Var | None, bool], _Bundle] = {}
        for i, unit in enumerate(plan.units):
            head = box_of.get(i)
            if head is None:
                continue
            for operand, read in zip(unit.operands, unit.reads, strict=True):
                tail = box_of.get(read)
                if tail is None:
                    continue
                together = tail in block_of and block_of[tail] == block_of.get(head)
                carried = together and repetition[read] < repetition[i]
                if (tail == head and not carried) or not self._leads_on(read, i):
                    continue
                alone = plan.boxes[tail].content == plan.boxes[head].content == "one"
                key = (tail, head, operand if alone else None, carried)
                bundle = found.setdefault(key, _Bundle())
                bundle.pairs.append((operand, unit.results[0]))
                if operand in self.operands[i]:
                    bundle.back.append((operand, unit.results[0]))
        return found

    def _leads_on(self, read: int, unit: int) -> bool:
        """Whether an arrow belongs in the picture: what is left out on either side of a focus is
        joined to what stands on that side alone."""
        focus = self.plan.focus
        contents = [self.plan.boxes[self.plan.box_of[i]].content for i in (read, unit)]
        if focus is None or contents == ["one", "one"]:
            return True
        into, out = contents == ["before", "one"], contents == ["one", "behind"]
        return (into and unit <= focus) or (out and read >= focus)

    # Arrows

    def _arrow(self, tail: int, head: int, carried: bool, bundle: _Bundle) -> None:
        """The arrows between two boxes: forward, and back where any derivative comes back."""
        operand, result = bundle.pairs[0]
        many = len(bundle.pairs)
        grouped = not {self.plan.boxes[i].content for i in (tail, head)} <= {"one", "repeated"}
        partial = self._label(bundle)
        for end in self._entries(head, bundle, partial):
            begin = self._exit(tail, operand)
            back = bool(bundle.back) and end.lines is not None
            # Where many are drawn as one, values and derivatives share an arrow.
            returns = back and (grouped or carried)
            count = (f"× {many}",) if grouped and many > 1 else ()
            of, to = (operand.name, result.name) if many == 1 else (None, None)
            zero = self._zero(bundle)
            forward = Arrow(
                self._id(f"f_{begin.node}_{end.node}"),
                End(begin.node, begin.value),
                End(end.node, "v"),
                False,
                returns,
                partial if returns and not grouped else count,
                of,
                to,
                many,
                zero if returns else None,
                carried,
            )
            self.arrows.append(forward)
            if back and not returns:
                ident = f"b{forward.id[1:]}"
                ends = End(begin.node, begin.derivative), End(end.node, end.into)
                lines, count_back = end.lines or (), len(bundle.back)
                self.arrows.append(
                    Arrow(ident, *ends, True, False, lines, of, to, count_back, zero)
                )

    def _exit(self, box: int, operand: Var) -> Exit:
        """Where the arrow of an operand leaves its box, and the derivative enters it."""
        if box in self.opened:
            return self.opened[box].exits[operand]
        node = self.nodes[box]
        return Exit(node.id, _value_port(node, operand), _derivative_port(node, operand))

    def _entries(self, box: int, bundle: _Bundle, partial: tuple[str, ...]) -> list[Entry]:
        """Where arrows enter the box of what reads: a loop that is opened, wherever it reads."""
        _, result = (bundle.back or bundle.pairs)[0]
        if box in self.opened:
            read = dict.fromkeys(operand for operand, _ in bundle.pairs)
            return [entry for var in read for entry in self.opened[box].entries.get(var, ())]
        return [Entry(self.nodes[box].id, self._into(self.nodes[box], result), partial)]

    def _label(self, bundle: _Bundle) -> tuple[str, ...]:
        """The local partial, with its number where it has one; of several, the first."""
        partial = next((self.partials.get((r, o)) for o, r in bundle.back), None)
        if partial is None:
            return ()
        known = self.numbers.get((partial.result.name, partial.operand.name))
        text = wrapped(partial.text, *_LABEL)
        if known is None or len(bundle.pairs) > 1:
            return tuple(text)
        value = f"= {number(known)}"
        short = len(text) == 1 and len(text[0]) + len(value) < _LABEL[0]
        return (f"{text[0]} {value}",) if short else (*text, value)

    def _zero(self, bundle: _Bundle) -> Zero | None:
        """Whether nothing comes back on an arrow, and why."""
        zeros = {self._zero_of(operand, result) for operand, result in bundle.back}
        if None in zeros or not zeros:
            return None
        return "number" if "number" in zeros else "no path"

    def _zero_of(self, operand: Var, result: Var) -> Zero | None:
        results = self.results[result]
        if operand in self.lost or all(var in self.lost for var in results):
            return "no path"
        known = self.numbers.get((result.name, operand.name))
        if known == 0 or all(self.boxes.vanishes(var) for var in results):
            return "number"
        return None

    @cached_property
    def results(self) -> Mapping[Var, tuple[Var, ...]]:
        """The results of each statement, by the first."""
        return {unit.results[0]: unit.results for unit in self.plan.units}

    def _into(self, node: Node, result: Var) -> str | None:
        """Where derivatives are pulled back from: of a loop, the first that has any."""
        moving = [var for var in self.results[result] if self.boxes.has_derivative(var)]
        reached = [var for var in moving if var not in self.lost] or moving
        return _derivative_port(node, reached[0]) if reached else None

    def _id(self, wanted: str) -> str:
        """An id that no other arrow has: a loop may hand on several results to one equation."""
        found, i = wanted, 1
        while found in self.taken:
            i += 1
            found = f"{wanted}_{i}"
        self.taken.add(found)
        return found

    # Frames

    def _frames(self) -> Iterator[Frame]:
        """A border around the boxes of each block that has several."""
        for i, block in enumerate(self.plan.blocks):
            if len(block.boxes) > 1:
                members = [self.nodes[box] for box in block.boxes]
                ends = from_to([members[0].quantities[0], members[-1].quantities[-1]])
                heading = (f"× {block.times}:  {ends}",)
                yield Frame(f"c{i}", heading, tuple(node.id for node in members))


def _value_port(node: Node, operand: Var) -> str:
    """Where the arrow of a value leaves a node: of a loop, at its field."""
    ports = [f.port for f in node.fields if f.role == "value" and f.quantity == operand.name]
    return (ports[0] if ports else None) or "v"


def _derivative_port(node: Node, operand: Var) -> str | None:
    """Where a derivative enters or leaves a node: at its own field, or at that of all."""
    fields = [f for f in node.fields if f.role == "derivative"]
    own = [f.port for f in fields if f.quantity == operand.name]
    return (own or [f.port for f in fields] or [None])[0]
