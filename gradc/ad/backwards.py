"""The adjoint of a loop: a loop that runs the steps backwards.

It carries the adjoints of the carried quantities, and what the steps so far contribute to the
adjoints of captured ones.  How a step comes by what it reads of the forward sweep, `ad.stacks`
says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradc.ad.names import adjoint_name, stem
from gradc.ad.needs import Needs
from gradc.ad.preparation import opened
from gradc.ad.rules import Before
from gradc.ad.stacks import Stacks
from gradc.ad.sweep import Primal, Sweep
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.ops.steps import row, step_number
from gradc.passes.copying import Copies
from gradc.passes.dead import only_needed
from gradc.passes.scopes import distinct, loop_equation


def pull_loop(
    sweep: Sweep, equation: Equation, adjoints: Sequence[Atom | None], before_sum: Before
) -> Iterator[tuple[int, Atom]]:
    """What the adjoints of a loop's results contribute to each active operand."""
    return _Backwards(sweep, equation, adjoints).terms()


class _Backwards:
    def __init__(self, sweep: Sweep, equation: Equation, adjoints: Sequence[Atom | None]) -> None:
        self.sweep = sweep
        self.equation = equation
        self.loop = loop = Loop.of(equation)
        self.adjoints = adjoints
        self.scope = sweep.builder
        self.inner = inner = self.scope.nested()
        self.counter = Var(inner.fresh(stem(loop.body.inputs[0])), INT)
        # Positions of the carried quantities that have adjoints, and of the collected ones; the
        # captured quantities that have adjoints.
        self.pulled = self._pulled()
        self.rows = [i for i in self._seeded() if i >= loop.carried]
        active = [var for var in loop.captured if type(var) is Var and var in sweep.active]
        # What the loop carries: adjoints of carried quantities, and sums for captured ones.
        inputs = loop.body.inputs
        self.carried = {inputs[1 + j]: self._input(inputs[1 + j]) for j in self.pulled}
        self.sums = {var: self._input(var) for var in active}
        # The outputs of the body that have adjoints, and which of their elements are needed.
        self.outputs = [loop.body.outputs[i] for i in (*self.pulled, *self.rows)]
        self.needs = Needs(sweep.guards, self.scope, inner, equation, self.pulled, self.rows)

    def _seeded(self) -> list[int]:
        """The positions of the results that have adjoints."""
        active = self.sweep.active
        pairs = enumerate(zip(self.equation.outs, self.adjoints, strict=True))
        return [i for i, (out, adjoint) in pairs if adjoint is not None and out in active]

    def _pulled(self) -> list[int]:
        """The carried quantities that are active, and needed for a result with an adjoint."""
        carried, equation = self.loop.carried, self.equation
        flow = self.sweep.context.activity.flow(self.loop)
        seeded = self._seeded()
        useful = {j for j in seeded if j < carried}
        pending = seeded
        while pending:
            mask = flow.step[pending.pop()]
            new = [j for j in range(carried) if mask >> (1 + j) & 1 and j not in useful]
            useful.update(new)
            pending += new
        given = sum(1 << i for i, arg in enumerate(equation.args) if arg in self.sweep.active)
        return [j for j in sorted(useful) if flow.results[j] & given]

    def _input(self, var: Var) -> Var:
        """What the body has for the adjoint of a quantity so far."""
        return Var(self.inner.unique(f"{self._adjoint_stem(var)}%in"), var.type)

    def terms(self) -> Iterator[tuple[int, Atom]]:
        """Write the loop; yield its results by the operands to which they contribute."""
        loop, body, inner = self.loop, self.loop.body, self.inner
        if not self.outputs:
            return
        primal = Primal(inner, opened(inner, body.equations, self.outputs, self.needs.taken))
        number = step_number(inner, self.counter, loop.start, loop.step)
        begin = len(inner.equations)
        within = self._swept(primal, number)
        sums = [var for var in self.sums if within.adjoint.get(var) is not None]
        if not self.carried and not sums:
            return
        adjoints = [within.exact(var) or _zeros(inner, var) for var in (*self.carried, *sums)]
        results = distinct(inner, (*adjoints, *self.needs.earlier(within.guards, [*self.carried])))
        count, rest = inner.equations[primal.count : begin], inner.equations[begin:]
        rest = only_needed(rest, results)
        stacks = Stacks(self.sweep, self.equation, primal)
        stacks.resolve(inner.nested(), self.counter, number, rest, results)
        copies = Copies(inner, stacks.known, renamed=False)
        written = (*count, *stacks.equations, *copies.equations(rest))
        results = (*(stacks.known.get(var, var) for var in results), *stacks.before)
        inputs = (
            *self.carried.values(),
            *(self.sums[var] for var in sums),
            *self.needs.before,
            *stacks.after,
        )
        graph = Graph(
            body.name,
            (self.counter, *inputs),
            tuple(only_needed(written, results)),
            results,
            body.source,
        )
        yield from self._loop(graph, sums, stacks)

    def _swept(self, primal: Primal, number: Atom) -> Sweep:
        """The reverse sweep of one step."""
        self.needs.read_rows(number)
        seeds = [*self.carried.values(), *(self._seed(i, number) for i in self.rows)]
        sweep = Sweep(
            self.inner,
            self.sweep.context,
            primal.replace,
            primal.original,
            self.outputs,
            seeds,
            (*self.carried, *self.sums),
            self.sums,
            None if self.sweep.unnamed is None else frozenset(self.sums),
            self.needs.taken,
        )
        sweep.run()
        return sweep

    def _seed(self, i: int, number: Atom) -> Atom:
        """The adjoint of what a step collects."""
        adjoint = self.adjoints[i]
        assert adjoint is not None
        scalar = self.scope.spread_scalar(adjoint)
        if scalar is not None:
            return self.inner.fill(scalar, adjoint.type.shape[1:])
        return row(self.inner, adjoint, number)

    def _loop(self, body: Graph, sums: Sequence[Var], stacks: Stacks) -> Iterator[tuple[int, Atom]]:
        """Write the loop itself."""
        loop, scope, args = self.loop, self.scope, self.equation.args
        first = 1 if loop.counted else 0
        places = [first + j for j in self.pulled]
        captured = {var: place for place, var in enumerate(args) if place >= first + loop.carried}
        places += [captured[var] for var in sums]
        initial = [self.adjoints[j] or _zeros(scope, loop.finals[j]) for j in self.pulled]
        for place, var in zip(places[len(self.pulled) :], sums, strict=True):
            initial.append(self.sweep.take(self.equation, place) or _zeros(scope, var))
        initial += [*self.needs.first, *stacks.finals]
        outs = [
            Var(scope.fresh(self._adjoint_so_far(var)), var.type)
            for var in (*(loop.finals[j] for j in self.pulled), *sums)
        ]
        more = (*self.needs.before, *stacks.finals)
        outs += [Var(scope.fresh(stem(var)), var.type) for var in more]
        count = loop.count if loop.steps is None else loop.steps
        parts = replace(
            loop,
            condition=None,
            backwards=not loop.backwards,
            checkpoint=Dim.of(1) if stacks.everything else None,
            captured=(),
        )
        scope.append(loop_equation(outs, parts, count, initial, body, self.equation.origin))
        for place, out in zip(places, outs, strict=False):
            if args[place] in self.sweep.active:
                yield place, out

    def _adjoint_so_far(self, var: Var) -> str:
        """The beginning of the name of an adjoint to which there may be more to come."""
        stem = self._adjoint_stem(var)
        return stem if self.sweep.unnamed is None else f"{stem}%"

    def _adjoint_stem(self, var: Var) -> str:
        """The beginning of the name of an adjoint."""
        named = self.sweep.unnamed is not None
        return adjoint_name(var).split("%")[0] if named else self.scope.stem


def _zeros(b: Builder, var: Var) -> Atom:
    return b.zeros(var.type.shape)
