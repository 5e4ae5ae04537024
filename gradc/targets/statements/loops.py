"""Loops: a loop over a range, with the quantities that it carries and those that it collects.

The names of what a step begins with, what it ends with and what the loop results in are one;
`carried` says where it is assigned.  An array that is added onto in place belongs to the loop:
it is made for it, or is a copy.  A collected quantity is an array with one row for each step of
the range, or in a module of scalars a list.

Invariant: no array that anything else refers to is ever changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Dim
from gradc.ir.graph import BOOL, INT, DType, Equation, Lit, Var
from gradc.ops.control import Loop
from gradc.targets.statements.body import Body
from gradc.targets.statements.carried import LoopFacts, Plan
from gradc.targets.statements.places import Place
from gradc.targets.statements.scopes import stem
from gradc.targets.statements.style import Steps
from gradc.targets.statements.tree import (
    Assign,
    AugAssign,
    Binary,
    Break,
    Expr,
    If,
    ListExpr,
    Name,
    Number,
    Tuple,
    TupleAssign,
)


def write_loop(body: Body, equation: Equation) -> None:
    """Append a loop, and what stands before it."""
    facts = body.facts.pop(equation.out, None)
    if facts is None:
        facts = LoopFacts(equation, {out for out in equation.outs if body.uses(out)})
    _Writer(body, facts).write()
    for out in equation.outs:
        body.defined(out)


class _Writer:
    def __init__(self, body: Body, facts: LoopFacts) -> None:
        self.body = body
        self.facts = facts
        self.loop = loop = facts.loop
        self.plan: Plan = facts.plan()
        self.names = [self._name(i) for i in range(loop.carried)]
        self.index = body.identifiers.index(loop.body.inputs[0], body.indices)
        self.counter = None
        if loop.steps is not None and body.uses(loop.steps):
            self.counter = body.identifier(loop.steps)

    def _name(self, i: int) -> str:
        """The name of a carried quantity: that of its first value, where this is the same
        quantity up to there and is read nowhere else."""
        body, first, final = self.body, self.loop.initial[i], self.loop.finals[i]
        if type(first) is Var and final.anonymous and not {first, final} & body.names.keys():
            name = body.name(first)
            alone = body.uses(first) == 1 and body.is_last_reader(first)
            if alone and stem(first) == stem(final) and isinstance(name, Name):
                return name.id
        return body.identifier(final)

    def write(self) -> None:
        """What the loop needs, then the loop."""
        body = self.body
        for i, name in enumerate(self.names):
            self._begin(i, name)
        places = [self._stack(result) for result, _ in self.facts.collected]
        if self.counter is not None:
            body.statements.append(Assign(self.counter, Number(0)))
        steps = self._range()
        for var, name in zip(self.facts.before, self.names, strict=True):
            body.call(var, name)
        body.call(self.loop.body.inputs[0], self.index)
        body.indices.append(self.index)
        with body.block() as statements:
            self._condition()
            self._step(places)
            if self.counter is not None:
                body.statements.append(AugAssign(self.counter, "+", Number(1)))
        body.indices.pop()
        for i, (var, name) in enumerate(zip(self.loop.finals, self.names, strict=True)):
            body.call(var, name)
            if i in self.plan.accumulated:
                body.owned.add(var)
        if not self._reads_index():
            steps = steps._replace(target="_")
        body.statements.append(body.style.loop(body, steps, statements))

    # Before the loop

    def _begin(self, i: int, name: str) -> None:
        """`h = h0`; a copy where the loop changes it in place and it is something else's too."""
        first, body = self.loop.initial[i], self.body
        value = body.atom(first)
        if i in self.plan.accumulated and first.type.shape:
            own = type(first) is Var and first in body.owned and body.uses(first) == 1
            if not own:
                assert body.style.arrays is not None
                value = body.style.arrays.copied(body, value)
        if value != Name(name):
            body.statements.append(Assign(name, value))

    def _stack(self, result: Var) -> Place:
        """Make what a quantity is collected in, and say where the row of a step is."""
        body, loop = self.body, self.loop
        outer = body.place_of(result)
        row, rank = self._row(), len(result.type.shape)
        if outer is not None:
            return outer.at(row)
        name = body.identifier(result)
        sparse = loop.condition is not None or loop.counted
        arrays = body.style.arrays
        if arrays is None:
            append = not sparse and not loop.backwards
            value: Expr = ListExpr(())
            if not append:
                zero = body.atom(zero_of(result.type.dtype))
                value = Binary("*", ListExpr((zero,)), body.size(loop.length))
            body.statements.append(Assign(name, value))
            return Place(name, rank, (row,), append, not result.anonymous)
        body.statements.append(Assign(name, arrays.new(body, result.type, sparse)))
        return Place(name, rank, (row,), named=not result.anonymous)

    # The header

    def _reads_index(self) -> bool:
        index = self.loop.body.inputs[0]
        if index in self.facts.readers or index in self.facts.results or self.facts.collected:
            return True
        condition = self.loop.condition
        return condition is not None and any(index in eq.inputs() for eq in condition.equations)

    def _range(self) -> Steps:
        loop, body = self.loop, self.body
        start, stop = body.size(loop.start), body.size(loop.stop)
        count = None if loop.count is None else body.atom(loop.count)
        from_zero = loop.step == 1 and loop.start == Dim.of(0)
        return Steps(
            self.index,
            start,
            stop,
            loop.step,
            from_zero,
            count,
            body.size(loop.length),
            loop.backwards,
        )

    def _row(self) -> Expr:
        """The number of the step, counted from the first one of the range."""
        loop, index = self.loop, Name(self.index)
        if loop.start == Dim.of(0):
            span: Expr = index
        else:
            span = Binary("-", index, self.body.size(loop.start))
        if loop.step < 0:
            span = Binary("-", self.body.size(loop.start), index)
        return span if abs(loop.step) == 1 else Binary("//", span, Number(abs(loop.step)))

    # The body

    def _condition(self) -> None:
        """`if not condition: break`."""
        condition = self.loop.condition
        if condition is None:
            return
        body = self.body
        body.count(condition.equations, condition.outputs, True, self.loop.captured)
        for equation in condition.equations:
            body.equation(equation)
        stop = body.style.inverse(body.name(condition.outputs[0]))
        body.statements.append(If(stop, (Break(),)))

    def _step(self, places: Sequence[Place]) -> None:
        """One step: the equations, each result written where it belongs."""
        body, facts, plan = self.body, self.facts, self.plan
        placed = self._placed(places)
        read = (*facts.next, *(value for _, value in facts.collected))
        results = [v for v in read if v not in placed and v not in plan.in_place]
        body.count(facts.equations, results, outside=self.loop.captured)
        body.extents.note((), plan.in_place)
        for var, i in (*plan.direct.items(), *plan.within.items()):
            body.call(var, self.names[i])
        for var, step in plan.steps.items():
            body.accumulate(var, self.names[step.carried], step)
        for i in plan.accumulated:
            body.owned.add(facts.before[i])
        for equation in facts.equations:
            if equation.op == "loop":
                body.facts[equation.out] = facts.inner(equation)
            body.equation(equation)
        self._end()

    def _placed(self, places: Sequence[Place]) -> set[Var]:
        """Arrange that collected values are stored; of these, those that nothing else reads
        are computed where they are stored."""
        body, facts = self.body, self.facts
        placed: set[Var] = set()
        for place, (_, value) in zip(places, facts.collected, strict=True):
            if value not in facts.position:
                body.statements.append(body.style.store(body, place, body.name(value), None))
            elif facts.uses(value) == 1 and value.anonymous and self._is_alone(value):
                body.place(value, place)
                placed.add(value)
            else:
                if value in self.plan.direct:
                    body.call(value, self.names[self.plan.direct[value]])
                body.copy(value, place)
        return placed

    def _is_alone(self, value: Var) -> bool:
        """Whether a value is the one result of its equation, or a row of an array is free to
        be collected into."""
        equation = self.facts.equations[self.facts.position[value]]
        if equation.op != "loop":
            return not equation.others
        inner = Loop.of(equation)
        full = inner.condition is None and not inner.counted
        return full and value in inner.collected and self.body.style.arrays is not None

    def _end(self) -> None:
        """Assign what is carried and could not be assigned before."""
        body, facts, plan = self.body, self.facts, self.plan
        late = [i for i in plan.late if body.name(facts.next[i]) != Name(self.names[i])]
        values = [body.name(facts.next[i]) for i in late]
        targets = tuple(self.names[i] for i in late)
        old = {facts.before[i] for i in late}
        if any(facts.reads_late(facts.next[i], old - {facts.before[i]}) for i in late):
            body.statements.append(TupleAssign(targets, Tuple(tuple(values))))
            return
        for i, target, value in zip(late, targets, values, strict=True):
            body.statements.append(Assign(target, value, self._origin(facts.next[i])))

    def _origin(self, var: Var) -> str | None:
        """The author's statement that computes a value written in place at the end."""
        if var not in self.plan.in_place:
            return None
        origin = self.facts.equations[self.facts.position[var]].origin
        return None if origin is None else origin.text


def zero_of(dtype: DType) -> Lit:
    """The zero of a type of elements: false for truth values."""
    match dtype:
        case DType.REAL:
            return Lit(0.0)
        case DType.INT:
            return Lit(0, INT)
        case DType.BOOL:
            return Lit(False, BOOL)
