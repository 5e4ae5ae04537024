"""A `loop` equation as a loop statement: `loop`.

A carried scalar is a local.  A carried array has one buffer: a step writes its new value to another
one, which is copied at the end of the step, unless each element may be written where the old one
was (`accumulation.InPlace`), as sums onto an array are.  A collected quantity is computed in its
row.

Invariants: the steps are numbered from 0, and the loop variable is the number; rows of steps that
are not run are zeros.  Deliberately absent: what a step computes.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.graph import DType, Equation, Origin, Type, Var
from gradc.nests.accumulation import InPlace
from gradc.nests.context import Context, Place
from gradc.nests.model import (
    Apply,
    Assign,
    Break,
    Const,
    Declare,
    Element,
    Expr,
    For,
    Get,
    Let,
    Local,
    Stmt,
    Store,
)
from gradc.nests.nest import around, size_of
from gradc.nests.tables import integer, product_of, sum_of, zero
from gradc.ops.control import Loop


def loop(context: Context, equation: Equation) -> None:
    """Write a loop, and say where its results are."""
    _Writer(context, equation).write()


class _Writer:
    def __init__(self, context: Context, equation: Equation) -> None:
        self.context = context
        self.loop = loop = Loop.of(equation)
        self.origin: Origin | None = equation.origin
        self.number = Local(loop.body.inputs[0].name, DType.INT)
        self.steps: Local | None = None  # how many were run, where a condition may end them
        self.next = loop.body.outputs[: loop.carried]
        self.before = loop.body.inputs[1 : 1 + loop.carried]
        rows = loop.body.outputs[loop.carried :]
        self.rows = tuple(zip(loop.collected, rows, strict=True))

    def write(self) -> None:
        """Write the loop with what goes before and after it."""
        context, loop = self.context, self.loop
        if loop.steps is not None:
            self.steps = context.local(loop.steps.name, DType.INT, loop.steps)
            context.emit(Declare(self.steps, integer(0), self.origin))
        total = size_of(loop.length) if loop.count is None else context.value(loop.count)
        carried = [self._begun(i) for i in range(loop.carried)]
        collected = [context.target(result) for result, _ in self.rows]
        inner = context.inner()
        for var, home in zip(self.before, carried, strict=True):
            inner.bind(var, home if isinstance(home, Place) else Get(home))
        self._bind_element(inner)
        self._condition(inner)
        self._step(inner, carried, collected)
        context.emit(self._statement(total, inner.statements))
        for (result, _), place in zip(self.rows, collected, strict=True):
            if result in context.module.complete:
                ran = total if self.steps is None else Get(self.steps)
                context.emit(_zero_rows(context, place, result.type, ran, size_of(loop.length)))
            context.bind(result, place)
        for final, home in zip(loop.finals, carried, strict=True):
            context.bind(final, home if isinstance(home, Place) else Get(home))
        if self.steps is not None and loop.steps is not None:
            context.bind(loop.steps, Get(self.steps))

    # Before the loop

    def _begun(self, i: int) -> Place | Local:
        """Where a carried quantity is, with its first value there."""
        context, final, initial = self.context, self.loop.finals[i], self.loop.initial[i]
        if not final.type.shape:
            local = context.local(final.name, final.type.dtype, final)
            context.emit(Declare(local, context.value(initial), self.origin))
            return local
        place = context.adopted(final, initial)
        if place is None:
            place = context.target(final)
            context.store(place, initial, self.origin)
        return place

    # The body

    def _bind_element(self, inner: Context) -> None:
        """The element of the range that belongs to the number of the step."""
        loop, number = self.loop, Get(self.number)
        past = number if loop.step == 1 else product_of(number, integer(loop.step))
        element = sum_of(size_of(loop.start), past)
        var = loop.body.inputs[0]
        if isinstance(element, Get):
            inner.bind(var, element)
        else:
            inner.define(var, element, None)

    def _condition(self, inner: Context) -> None:
        """`if (!condition) break;`, and the count of the steps that are run."""
        condition = self.loop.condition
        if condition is None or self.steps is None:
            return
        inner.run(condition.equations, None, condition.outputs)
        holds = inner.value(condition.outputs[0])
        inner.emit(Break(Apply("not", (holds,), DType.BOOL)))
        inner.emit(Assign(self.steps, integer(1), "add"))

    def _step(
        self, inner: Context, carried: Sequence[Place | Local], collected: Sequence[Place]
    ) -> None:
        """One step: the equations, and what is carried on."""
        body = self.loop.body
        wanted: dict[Var, Place] = {}
        defined = {out for equation in body.equations for out in equation.outs}
        number = Get(self.number)
        within = InPlace(body, self.loop.condition)
        for (_, value), place in zip(self.rows, collected, strict=True):
            if value in defined and value.type.shape:
                wanted.setdefault(value, Place(place.buffer, (*place.at, number)))
        for var, new, home in zip(self.before, self.next, carried, strict=True):
            if not isinstance(home, Place) or new not in defined or new in wanted:
                continue
            chain = within.chain(var, new)
            if chain is None:
                wanted[new] = Place(inner.scratch(new.name, new.type, new))
            else:
                wanted.update((link, home) for link in chain)
        inner.run(body.equations, wanted, body.outputs)
        for (_, value), place in zip(self.rows, collected, strict=True):
            row = Place(place.buffer, (*place.at, number))
            if wanted.get(value) != row:
                inner.store(row, value, self.origin)
        self._carry_on(inner, carried)

    def _carry_on(self, inner: Context, carried: Sequence[Place | Local]) -> None:
        """Give what is carried its new values: all are known before the first is given."""
        values: list[tuple[Local, Expr]] = []
        copies: list[tuple[Place, Var]] = []
        carriers = [home for home in carried if isinstance(home, Local)]
        buffers = [home.buffer for home in carried if isinstance(home, Place)]
        for new, home in zip(self.next, carried, strict=True):
            if isinstance(home, Local):
                value = inner.value(new)
                if isinstance(value, Get) and value.local is home:
                    continue
                if not isinstance(value, Const) and (
                    not isinstance(value, Get) or value.local in carriers
                ):
                    local = inner.local(new.name, new.type.dtype, new)
                    inner.emit(Let(local, value, None))
                    value = Get(local)
                values.append((home, value))
                continue
            source = inner.place(new)
            if source == home:
                continue
            if source.buffer in buffers:  # another carried quantity, which may be replaced first
                kept = Place(inner.scratch(new.name, new.type))
                inner.store(kept, new)
                new = Var(new.name, new.type)
                inner.bind(new, kept)
            copies.append((home, new))
        for local, value in values:
            inner.emit(Assign(local, value))
        for home, new in copies:
            inner.store(home, new)

    # The statement

    def _statement(self, total: Expr, body: tuple[Stmt, ...]) -> For:
        if not self.loop.backwards:
            return For(self.number, integer(0), total, body, origin=self.origin)
        last = sum_of(total, integer(-1))
        return For(self.number, last, integer(-1), body, step=-1, origin=self.origin)


def _zero_rows(context: Context, place: Place, type: Type, first: Expr, length: Expr) -> Stmt:
    """Zeros in the rows of steps that were not run."""
    row = Local("row", DType.INT)
    axes = context.axes(type.shape[1:])
    at = (*place.at, Get(row), *(Get(axis.variable) for axis in axes))
    body = around(axes, [Store(Element(place.buffer, at), zero(type.dtype))])
    return For(row, first, length, tuple(body))
