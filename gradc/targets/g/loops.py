"""Loops as the language has them.

A loop that runs backwards counts down; what it collects is turned round behind it.  One that runs
a number of steps that data determine has a condition; backwards, where the steps that are not run
come first, each step is a loop of one step with that condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.targets.g.block import Block, broken, commented
from gradc.targets.g.pieces import Piece, infix, size

INDENT = "    "

# A condition that is longer is a function of its own.
CONDITION_WIDTH = 160

Helper = Callable[[str, Graph], Piece]  # a function for a graph, and its call


def write_loop(block: Block, equation: Equation, helper: Helper) -> None:
    """Append a loop to the lines of a block; `helper` makes a function of a condition."""
    _Loop(block, equation, helper).write()


class _Loop:
    def __init__(self, block: Block, equation: Equation, helper: Helper) -> None:
        self.block = block
        self.expressions = block.expressions
        self.names = block.expressions.names
        self.equation = equation
        self.helper = helper
        self.parts = Loop.of(equation)
        self.carried = self.parts.body.inputs[1 : 1 + self.parts.carried]
        self.steps = self.parts.steps if self._counts_steps() else None

    def _counts_steps(self) -> bool:
        return self.parts.steps is not None and self.block.is_read(self.parts.steps)

    def write(self) -> None:
        parts, block = self.parts, self.block
        carry = self._carry()
        for final, inner in zip(parts.finals, self.carried, strict=True):
            self.names.give(inner, self.names[final])
        heading = f"loop {self.names[parts.body.inputs[0]]} in {self._range()}"
        heading += f" carry {', '.join(carry)}" if carry else ""
        condition = self._condition()
        heading += f" while {condition.text}" if condition else ""
        heading += f" checkpoint {parts.checkpoint}" if parts.checkpoint is not None else ""
        origin = self.equation.origin
        block.lines += commented(f"{heading} {{", origin.text if origin else None, block.indent)
        turned = parts.backwards and bool(parts.collected)
        collected = [self.names[var] for var in parts.collected]
        if turned:
            collected = [self.names.numbered(name) for name in collected]
        indent = block.indent + INDENT
        if parts.backwards and parts.count is not None:
            block.lines += self._one_step(collected, indent)
        else:
            block.lines += self._body(self.names[parts.body.inputs[0]], collected, indent)
        block.lines.append(f"{block.indent}}}")
        if turned:
            self._turn(collected)

    def _one_step(self, collected: Sequence[str], indent: str) -> list[str]:
        """A step that is not run where the condition does not hold."""
        counter = self.names[self.parts.body.inputs[0]]
        outer = [self.names[var] for var in self.carried]
        inner = [self.names.numbered(name) for name in outer]
        for var, name in zip(self.carried, inner, strict=True):
            self.names.give(var, name)
        rows = [self.names.numbered(name) for name in collected]
        once = self.names.fresh("once")
        carry = ", ".join(f"{new} = {old}" for new, old in zip(inner, outer, strict=True))
        heading = (
            f"loop {once} in 1{f' carry {carry}' if carry else ''} while {self._runs().text} {{"
        )
        return [
            *broken(indent + heading, indent),
            *self._body(once, rows, indent + INDENT),
            f"{indent}}}",
            *(f"{indent}{old} = {new}" for new, old in zip(inner, outer, strict=True)),
            *(f"{indent}{y}[{counter}] = {r}[0]" for y, r in zip(collected, rows, strict=True)),
        ]

    # The heading

    def _carry(self) -> list[str]:
        values = [self.block.part(v) if type(v) is Var else None for v in self.parts.initial]
        carry = []
        for final, atom, part in zip(self.parts.finals, self.parts.initial, values, strict=True):
            value = self.expressions.whole(atom) if part is None else part
            carry.append(f"{self.names[final]} = {value.text}")
        if self.steps is not None:
            carry.append(f"{self.names[self.steps]} = 0")
        return carry

    def _range(self) -> str:
        parts = self.parts
        start, stop, step = parts.start, parts.stop, parts.step
        if parts.backwards:
            last = start + (parts.length - 1) * step
            start, stop, step = last, start - step, -step
        if start.constant == 0 and step == 1:
            return str(stop)
        return f"{start}:{stop}" + ("" if step == 1 else f":{step}")

    def _condition(self) -> Piece | None:
        if self.parts.count is not None:
            return None if self.parts.backwards else self._runs()
        graph = self.parts.condition
        if graph is None:
            return None
        inner = Block(self.expressions, self.block.loop, part_width=CONDITION_WIDTH)
        inner.write(graph.equations, ())
        (truth,) = graph.outputs
        piece = inner.part(truth)
        if piece is None and truth in graph.inputs:
            piece = Piece(self.names[truth])
        if inner.lines or piece is None:
            return self.helper(f"{self.names[graph.inputs[0]]}_runs", graph)
        return piece

    def _runs(self) -> Piece:
        """Whether a step of a counted loop is run, of which the first are."""
        parts, count = self.parts, self.parts.count
        assert count is not None
        place = Piece(self.names[parts.body.inputs[0]])
        if parts.start.constant != 0:
            place = infix("-", place, size(parts.start))
        if parts.step != 1:
            place = infix("//", place, size(Dim.of(parts.step)))
        return infix("<", place, self.expressions.whole(count))

    # The body

    def _body(self, counter: str, collected: Sequence[str], indent: str) -> list[str]:
        """The lines of the body; `counter` is the loop whose steps are collected."""
        parts, body = self.parts, self.parts.body
        inner = Block(self.expressions, self.block.loop, indent)
        inner.write(body.equations, body.outputs)
        lines = _Lines(inner.lines, inner.indent)
        defined = {out for equation in body.equations for out in equation.outs}
        for name, var in zip(collected, body.outputs[parts.carried :], strict=True):
            lines.collect(name, counter, self.names[var])
        moves = [(a, b) for a, b in zip(self.carried, body.outputs, strict=False) if a is not b]
        aside = {var: self.names.numbered(self.names[a]) for a, var in moves if var not in defined}
        for var, name in aside.items():
            lines.append(f"{name} = {self.names[var]}")
        for before, var in moves:
            lines.carry(self.names[before], aside.get(var, self.names[var]))
        if self.steps is not None:
            step = self.names[self.steps]
            lines.append(f"{step} = {step} + 1")
        return lines.lines

    def _turn(self, collected: Sequence[str]) -> None:
        """What was collected backwards, in the order of the steps."""
        length, block = self.parts.length, self.block
        index = next(self.names.indices())
        last = infix("-", size(length - 1), Piece(index))
        for var, name in zip(self.parts.collected, collected, strict=True):
            left = f"{self.names[var]}[{index} in {length}]"
            block.lines.append(f"{block.indent}{left} = {name}[{last.text}]")


class _Lines:
    """The lines of a body, in which a result may take the name under which it leaves."""

    def __init__(self, lines: list[str], indent: str) -> None:
        self.lines = lines
        self.indent = indent

    def append(self, text: str) -> None:
        """Append a statement."""
        self.lines.append(self.indent + text)

    def _definition(self, name: str) -> int | None:
        """The line that defines a quantity by a statement of its own."""
        for place, line in enumerate(self.lines):
            if re.match(rf"{re.escape(self.indent)}{re.escape(name)}(\[[^=]*\])? = ", line):
                return place
        return None

    def _mentions(self, name: str, first: int) -> int:
        """In how many lines from one on a name is read or defined; comments do not count."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        return sum(bool(word.search(line.partition("#")[0])) for line in self.lines[first:])

    def collect(self, name: str, counter: str, source: str) -> None:
        """`name[counter] = source`: where that is defined, if nothing else reads it."""
        place = self._definition(source)
        if place is None or self._mentions(source, 0) > 1:
            self.append(f"{name}[{counter}] = {source}")
            return
        line = self.lines[place][len(self.indent) + len(source) :]
        inner = f", {line[1:]}" if line.startswith("[") else f"]{line}"
        self.lines[place] = f"{self.indent}{name}[{counter}{inner}"

    def carry(self, name: str, source: str) -> None:
        """`name = source`: under that name from the start, if nothing reads the old value any
        more once the new one is known."""
        place = self._definition(source)
        if place is None or self._mentions(name, place + 1):
            self.append(f"{name} = {source}")
            return
        word = re.compile(rf"(?<!\w){re.escape(source)}(?!\w)")
        for at in range(place, len(self.lines)):
            code, mark, comment = self.lines[at].partition("#")
            self.lines[at] = word.sub(name, code) + mark + comment
