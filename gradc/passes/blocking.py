"""Loops with checkpoints as loops over blocks of steps: `in_blocks`.

A loop of T steps with `checkpoint` k becomes a loop over ceil(T/k) blocks, which keeps the
carried quantities at the beginning of each (its own `checkpoint` is 1), around a loop over
the steps of the block.  The results are the same, under the same variables; so is the number of
steps that a condition leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, Equation, Graph, Lit, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.ops.steps import block_start, block_steps, blocks, element, whole
from gradc.passes.copying import Copies
from gradc.passes.scopes import distinct, loop_equation

EACH = Dim.of(1)


def in_blocks(b: Builder, equation: Equation) -> list[Equation]:
    """The equations that replace a loop; the loop itself where it has no blocks."""
    if equation.op != "loop" or equation.param("checkpoint") in (None, EACH):
        return [equation]
    return _Blocks(b, equation).written()


class _Blocks:
    def __init__(self, b: Builder, equation: Equation) -> None:
        self.equation = equation
        self.loop = loop = Loop.of(equation)
        assert loop.checkpoint is not None
        assert not loop.backwards
        self.size = size = loop.checkpoint
        even = EACH if size == loop.length else None
        if size.constant is not None:
            even = loop.length.divided(size.constant)
        self.even = even is not None and not loop.counted
        self.number = (loop.length + (size - 1)).floored(size) if even is None else even
        self.counter, *self.carried = loop.body.inputs[: 1 + loop.carried]
        self.scope = self._nested(b)
        # What the loop over blocks has for the counter, the carried quantities and the number
        # of steps that were run.
        self.block = self._fresh("block", INT)
        self.first_values = [self._fresh(var.name, var.type) for var in self.carried]
        self.run = self._fresh("steps", INT)

    def written(self) -> list[Equation]:
        """The loop over blocks, and what makes rows of steps of its rows of blocks."""
        loop, scope = self.loop, self.scope
        count = None if loop.count is None else blocks(scope, loop.count, self.size)
        body, collected = self._body()
        rows = [self._fresh(var.name, _stacked(self.number, var.type)) for var in collected]
        initial, outs = list(loop.initial), [*loop.finals]
        if loop.steps is not None:
            initial.append(Lit(0, INT))
            outs.append(loop.steps)
        outs += rows
        condition = None
        if loop.condition is not None:
            test = self._nested(scope)
            done = test.emit("eq", (self.run, block_start(test, self.block, self.size)))
            name = loop.condition.name
            condition = Graph(name, body.inputs, tuple(test.equations), (done,))
            outs.append(self._fresh("blocks", INT))
        parts = replace(
            loop, start=Dim.of(0), stop=self.number, step=1, condition=condition, checkpoint=EACH
        )
        scope.append(loop_equation(outs, parts, count, initial, body, self.equation.origin))
        for out, row in zip(loop.collected, rows, strict=True):
            self._flatten(out, row)
        return scope.equations

    def _body(self) -> tuple[Graph, list[Var]]:
        """What is done in a block, and the rows of its steps."""
        loop, outer = self.loop, self._nested(self.scope)
        first = block_start(outer, self.block, self.size)
        total = whole(loop.length) if loop.count is None else loop.count
        steps = None if self.even else block_steps(outer, first, self.size, total)
        finals = [self._fresh(var.name, var.type) for var in loop.finals]
        rows = [
            self._fresh(out.name, _stacked(self.size, row.type))
            for out, row in zip(loop.collected, loop.body.outputs[loop.carried :], strict=True)
        ]
        outs = [*finals, *rows]
        carried: list[Atom] = list(finals)
        inputs = [self.block, *self.first_values]
        body, condition = self._steps(first)
        if loop.steps is not None:
            outs.append(self._fresh("steps", INT))
            inputs.append(self.run)
        parts = replace(
            loop, start=Dim.of(0), stop=self.size, step=1, condition=condition, checkpoint=None
        )
        outer.append(
            loop_equation(outs, parts, steps, self.first_values, body, self.equation.origin)
        )
        if loop.steps is not None:
            carried.append(outer.emit("add", (self.run, outs[-1])))
        outputs = distinct(outer, [*carried, *rows])
        name = f"{loop.body.name}_blocks"
        return Graph(name, tuple(inputs), tuple(outer.equations), outputs), rows

    def _steps(self, first: Atom) -> tuple[Graph, Graph | None]:
        """The body and the condition of the loop over the steps of a block."""
        loop, body = self.loop, self.loop.body
        step = self._fresh("step", INT)
        inputs = (step, *self.carried)
        equations = (*self._counter(first, step, self.counter), *body.equations)
        inner = Graph(body.name, inputs, equations, body.outputs, body.source)
        if loop.condition is None:
            return inner, None
        counter = self._fresh(self.counter.name, INT)
        copies = Copies(self.scope, {self.counter: counter}, renamed=False)
        equations = (
            *self._counter(first, step, counter),
            *copies.equations(loop.condition.equations),
        )
        return inner, replace(loop.condition, inputs=inputs, equations=equations)

    def _counter(self, first: Atom, step: Var, counter: Var) -> Sequence[Equation]:
        """The counter of the loop from the block and the step within it."""
        b = self._nested(self.scope)
        element(b, b.emit("add", (first, step)), self.loop.start, self.loop.step)
        return [*b.equations[:-1], b.equations[-1]._replace(out=counter)]

    def _flatten(self, out: Var, row: Var) -> None:
        """Define a collected quantity by the rows of the blocks."""
        scope, length = self.scope, self.loop.length
        scope.stem = out.name.split("%")[0]
        shape = (self.number * self.size, *row.type.shape[2:])
        if shape == out.type.shape:
            flat = Equation(out, "reshape", (row,), (("shape", shape),), self.equation.origin)
            scope.append(flat)
            return
        every = scope.emit("reshape", (row,), (("shape", shape),))
        items = ((Dim.of(0), length), *((Dim.of(0), dim) for dim in shape[1:]))
        scope.append(Equation(out, "index", (every,), (("items", items),), self.equation.origin))

    def _nested(self, b: Builder) -> Builder:
        inner = b.nested()
        inner.stem, inner.origin = self.counter.name.split("%")[0], self.equation.origin
        return inner

    def _fresh(self, name: str, kind: Type) -> Var:
        return Var(self.scope.fresh(name.split("%")[0]), kind)


def _stacked(length: Dim, row: Type) -> Type:
    return Type(row.dtype, (length, *row.shape))
