"""How the body of a loop writes what it carries: which assignment, and where.

In the graph a carried quantity is three variables: what a step begins with, what it ends with,
and what the loop results in.  In emitted code they are one.  So a new value may be assigned as soon
as nothing reads the old one any more (`direct`); what is left is assigned at the end of the
body (`late`), there computed in place where that is possible.  A sum onto the old value, which
nothing else reads, is written as `acc += part` (`steps`); of an array, in place.

An anonymous part may be written in place later than where its equation stands, so an old value
counts as read where the last expression that might hold it is written.

Invariant: linear in the body, but for the nesting of loops.  Deliberately absent: text.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from gradc.ir.graph import Atom, Equation, Var
from gradc.ops.control import Loop
from gradc.passes.dead import needed


class Step(NamedTuple):
    """`carried op= part`; an `absorbed` equation is the place in an array that gets the part."""

    carried: int
    op: str
    part: Atom
    absorbed: Equation | None


class Plan(NamedTuple):
    """How the results of one loop's body are written."""

    direct: Mapping[Var, int]  # results that are assigned where they are computed
    late: tuple[int, ...]  # carried quantities that are assigned at the end of the body
    in_place: frozenset[Var]  # of their new values, those to be written there if they fit
    steps: Mapping[Var, Step]  # sums that are added onto the old value
    within: Mapping[Var, int]  # what inner loops make of it that only add onto it
    accumulated: frozenset[int]  # carried quantities that are only ever added onto


class LoopFacts:
    """One loop, without what nothing reads, and who reads what in its body."""

    def __init__(self, equation: Equation, live: Container[Var]) -> None:
        self.loop = loop = Loop.of(equation)
        outputs = loop.body.outputs
        self.next = outputs[: loop.carried]
        self.before = loop.body.inputs[1 : 1 + loop.carried]
        self.collected = [
            (result, value)
            for result, value in zip(loop.collected, outputs[loop.carried :], strict=True)
            if result in live
        ]
        results = [*self.next, *(value for _, value in self.collected)]
        wanted = needed(loop.body.equations, results)
        self.equations = [eq for eq in loop.body.equations if not wanted.isdisjoint(eq.outs)]
        self.position = {out: i for i, eq in enumerate(self.equations) for out in eq.outs}
        self.readers: dict[Var, list[int]] = {}
        for i, eq in enumerate(self.equations):
            for var in eq.inputs():
                self.readers.setdefault(var, []).append(i)
        self.results: dict[Var, int] = {}  # how often a variable is a result of the body
        for var in results:
            self.results[var] = self.results.get(var, 0) + 1
        self._inner: dict[Var, LoopFacts] = {}

    def uses(self, var: Var) -> int:
        """How often a variable is read in the body, or is a result of it."""
        return len(self.readers.get(var, ())) + self.results.get(var, 0)

    def inner(self, equation: Equation) -> LoopFacts:
        """The facts of a loop in the body."""
        if equation.out not in self._inner:
            live = {var for var in equation.outs if self.uses(var)}
            self._inner[equation.out] = LoopFacts(equation, live)
        return self._inner[equation.out]

    def plan(self) -> Plan:
        """Decide how the carried quantities are assigned."""
        steps: dict[Var, Step] = {}
        within: dict[Var, int] = {}
        direct: dict[Var, int] = {}
        accumulated = set()
        latest = self._latest()
        for i, new in enumerate(self.next):
            sums = self.sums(i)
            if sums is not None:
                accumulated.add(i)
                steps.update((var, step) for var, step in sums.items() if step)
                within.update((var, i) for var, step in sums.items() if not step)
                direct[new] = i
            elif self._assigned_at_once(i, new, latest) and new not in direct:
                direct[new] = i
        late = tuple(
            i
            for i, (old, new) in enumerate(zip(self.before, self.next, strict=True))
            if old is not new and direct.get(new) != i
        )
        in_place = frozenset(
            new for new in (self.next[i] for i in late) if self._may_wait(new, direct)
        )
        return Plan(direct, late, in_place, steps, within, frozenset(accumulated))

    # Sums onto the old value

    def sums(self, i: int) -> dict[Var, Step | None] | None:
        """The steps that add onto a carried quantity, by result; None for the step that an
        inner loop is, or where there is anything else."""
        var, new = self.before[i], self.next[i]
        steps: dict[Var, Step | None] = {}
        if var is new or not self._takes_name(i, new):
            return None
        if new.type.shape and (self.readers.get(new) or self._carried(new) > 1):
            return None  # it would be another name for what later steps change
        while var is not new:
            if self.uses(var) != 1 or var in self.results:
                return None
            equation = self.equations[self.readers[var][0]]
            step = self._step(i, equation, var)
            result = self._summed_within(equation, var) if step is None else equation.out
            if result is None or (result is not new and not result.anonymous):
                return None
            steps[result] = step
            var = result
        return steps

    def _carried(self, new: Var) -> int:
        return sum(var is new for var in self.next)

    def _summed_within(self, equation: Equation, var: Var) -> Var | None:
        """What an inner loop that only adds onto a variable makes of it."""
        if equation.op != "loop":
            return None
        inner = self.inner(equation)
        if var not in inner.loop.initial:
            return None
        j = inner.loop.initial.index(var)
        return None if inner.sums(j) is None else inner.loop.finals[j]

    def _step(self, i: int, equation: Equation, var: Var) -> Step | None:
        if equation.op not in ("add", "sub") or equation.out.type.shape != var.type.shape:
            return None
        left, right = equation.args
        if equation.op == "sub" and left is not var:
            return None
        part = right if left is var else left
        absorbed = None
        if type(part) is Var and part.anonymous and self.uses(part) == 1 and part in self.position:
            origin = self.equations[self.position[part]]
            if origin.op in ("scatter_add", "embed"):
                absorbed = origin
        return Step(i, "+" if equation.op == "add" else "-", part, absorbed)

    # Assignments

    def _takes_name(self, i: int, new: Var) -> bool:
        """Whether a new value may be called as the carried quantity is."""
        return new.anonymous or new.name == self.loop.finals[i].name

    def _latest(self) -> list[int]:
        """For each equation, the last one in whose statement its expression may stand."""
        latest = list(range(len(self.equations)))
        for i in reversed(latest):
            equation = self.equations[i]
            out = equation.out
            lone = not equation.others and equation.op != "loop"
            if lone and out in self.readers and self._may_be_in_place(equation):
                latest[i] = max(latest[reader] for reader in self.readers[out])
        return latest

    def _may_be_in_place(self, equation: Equation) -> bool:
        """Whether an equation may be written where its result is read: once, unless it does no
        more than to repeat."""
        out = equation.out
        return out.anonymous and (self.uses(out) == 1 or equation.op == "broadcast")

    def _assigned_at_once(self, i: int, new: Var, latest: list[int]) -> bool:
        """Whether nothing reads the old value after the new one is known."""
        old = self.before[i]
        if new not in self.position or self._carried(old) or not self._takes_name(i, new):
            return False
        here = self.position[new]
        equation = self.equations[here]
        reads = [(latest[reader], reader) for reader in self.readers.get(old, ())]
        if equation.op != "loop":
            return all(last <= here for last, _ in reads)
        # The loop assigns to it from its first step on: it may only begin with the old value.
        inner = Loop.of(equation)
        if new not in inner.finals:
            return False
        begins = inner.initial[inner.finals.index(new)] is old
        return all(
            last < here or (last == here == reader and begins and equation.args.count(old) == 1)
            for last, reader in reads
        )

    def _may_wait(self, new: Var, direct: Mapping[Var, int]) -> bool:
        """Whether a value may be computed at the end: none that it reads is replaced by then."""
        if not new.anonymous or self.uses(new) != 1 or new not in self.position:
            return False
        equation = self.equations[self.position[new]]
        if equation.others or equation.op == "loop":
            return False
        return not self.reads_late(new, {self.before[i] for i in direct.values()})

    def reads_late(self, var: Var, old: Container[Var]) -> bool:
        """Whether a value, or what is written in place of it, reads any of some variables."""
        todo = [var]
        while todo:
            var = todo.pop()
            if var in old:
                return True
            if var in self.position:
                equation = self.equations[self.position[var]]
                if self._may_be_in_place(equation):
                    todo += equation.inputs()
        return False
