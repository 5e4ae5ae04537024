"""The adjoint of a loop: a loop that runs the steps backwards.

It carries the adjoints of the carried quantities, and what the steps so far contribute to the
adjoints of captured ones.  What a step reads of the forward sweep is a row of a quantity that
the forward loop collects besides its own, unless it is captured too, or made of the counter and
of what is captured without much ado.

A loop whose `checkpoint` is 1 collects the carried quantities at the beginning of each step and
nothing else; its adjoint computes the step again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradc.ad.names import adjoint_name
from gradc.ad.preparation import opened
from gradc.ad.residuals import Residuals, any_equation, cheap
from gradc.ad.rules import Before
from gradc.ad.sweep import Primal, Sweep
from gradc.ir.dims import Dim
from gradc.ir.graph import BOOL, INT, Atom, Equation, Graph, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.ops.steps import row, row_equation, step_number
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
        self.scope = sweep.builder
        self.adjoints = adjoints
        self.again = loop.checkpoint == Dim.of(1)
        self.first = 1 if loop.counted else 0  # the position of the first carried quantity
        self.inner = self.scope.nested()
        self.counter = Var(self.inner.fresh(_stem(loop.body.inputs[0])), INT)
        self.inputs = loop.body.inputs[1 : 1 + loop.carried]
        self.pulled = self._pulled()
        self.captured = {
            var: self.first + loop.carried + i
            for i, var in enumerate(loop.captured)
            if type(var) is Var and var in sweep.active
        }
        self.rows = [
            i
            for i, out in enumerate(loop.collected)
            if adjoints[loop.carried + i] is not None and out in sweep.active
        ]

    def _pulled(self) -> list[int]:
        """The carried quantities that have adjoints: active, and needed for a seeded result."""
        loop, sweep = self.loop, self.sweep
        step = sweep.context.activity.flow(loop).step
        seeded = [
            i
            for i, out in enumerate(self.equation.outs)
            if self.adjoints[i] is not None and out in sweep.active
        ]
        useful = {j for j in seeded if j < loop.carried}
        pending = list(useful)
        masks = [step[i] for i in seeded if i >= loop.carried]
        while pending or masks:
            mask = masks.pop() if masks else step[pending.pop()]
            new = [j for j in range(loop.carried) if mask >> (1 + j) & 1 and j not in useful]
            useful.update(new)
            pending += new
        flow = sweep.context.activity.of(self.equation)
        given = sum(1 << i for i, arg in enumerate(self.equation.args) if arg in sweep.active)
        return [j for j in sorted(useful) if flow[j] & given]

    def terms(self) -> Iterator[tuple[int, Atom]]:
        """Write the loop; yield its results by the operands to which they contribute."""
        loop, body, sweep, scope, inner = (
            self.loop,
            self.loop.body,
            self.sweep,
            self.scope,
            self.inner,
        )
        outputs = [body.outputs[j] for j in self.pulled]
        outputs += [body.outputs[loop.carried + i] for i in self.rows]
        if not outputs:
            return
        masks = [sweep.guards.taken(scope, loop.collected[i]) for i in self.rows]
        taken = [None] * len(self.pulled) + [mask and self._taken(mask) for mask in masks]
        equations = opened(inner, body.equations, outputs, taken)
        primal = Primal(inner, equations)
        number = step_number(inner, self.counter, loop.start, loop.step)
        begin = len(inner.equations)
        for mask, needed in zip(masks, taken[len(self.pulled) :], strict=True):
            if mask is not None and type(needed) is Var and needed is not mask:
                inner.append(row_equation(needed, mask, number))
        carried = {self.inputs[j]: self._input(self.inputs[j]) for j in self.pulled}
        sums = {var: self._input(var) for var in self.captured}
        seeds: list[Atom] = [*carried.values(), *(self._seed(i, number) for i in self.rows)]
        unnamed = None if sweep.unnamed is None else frozenset(sums)
        wrt = (*carried, *sums)
        within = Sweep(
            inner,
            sweep.context,
            primal.replace,
            equations,
            outputs,
            seeds,
            wrt,
            sums,
            unnamed,
            taken,
        )
        within.run()
        sums = {var: total for var, total in sums.items() if within.adjoint.get(var) is not None}
        if not carried and not sums:
            return
        results = distinct(inner, [within.exact(v) or _zeros(inner, v) for v in (*carried, *sums)])
        first, rest = inner.equations[len(equations) : begin], inner.equations[begin:]
        rest = only_needed(rest, results)
        rows, known = self._residuals(primal, rest, results, number)
        copies = Copies(inner, known, renamed=False)
        results = tuple(known.get(var, var) for var in results)
        written = only_needed((*first, *rows, *copies.equations(rest)), results)
        inputs = (self.counter, *carried.values(), *sums.values())
        graph = Graph(body.name, inputs, tuple(written), results, body.source)
        yield from self._loop(graph, tuple(sums))

    def _taken(self, mask: Atom) -> Atom:
        """The row of a mask that belongs to a step, or the whole mask where it is a scalar."""
        shape = mask.type.shape
        return (
            Var(self.inner.fresh(self.inner.stem), Type(BOOL.dtype, shape[1:])) if shape else mask
        )

    def _residuals(
        self, primal: Primal, rest: Sequence[Equation], results: Sequence[Var], number: Atom
    ) -> tuple[list[Equation], dict[Var, Var]]:
        """What begins a step of the adjoint: the rows that were saved, and what is computed
        again; and the variables for those of the forward sweep."""
        loop = self.loop
        given = {self.loop.body.inputs[0], *loop.body.inputs[1 + loop.carried :]}
        again = any_equation if self.again else cheap
        residuals = Residuals(primal.equations(), given, again, self.inputs, self.again)
        residuals.resolve(rest, results)
        stacks = self._saved(primal, residuals.saved)
        begin = self.inner.nested()
        known = {loop.body.inputs[0]: self.counter}
        for var in residuals.saved:
            begin.stem = _stem(var)
            known[var] = row(begin, stacks[var], number)
        copies = Copies(begin, known)
        begin.equations += copies.equations(residuals.recomputed)
        known |= {var: found for var, found in copies.known.items() if type(found) is Var}
        return begin.equations, known

    def _saved(self, primal: Primal, saved: Sequence[Var]) -> dict[Var, Var]:
        """Let the forward loop collect quantities of its body; the results, by quantity."""
        loop, body = self.loop, self.loop.body
        stacks = dict(zip(body.outputs[loop.carried :], loop.collected, strict=True))
        new = [var for var in saved if var not in stacks]
        if not new:
            return stacks
        forward = self.scope.nested()
        copies = {}
        for var in new:
            if var in self.inputs:  # before the step replaces it
                name = forward.fresh(_stem(var))
                copies[var] = forward.emit("copy", (var,), name=name)
        for equation in primal.original if self.again else primal.equations():
            forward.append(equation)
        outputs = distinct(forward, [*body.outputs, *(copies.get(var, var) for var in new)])
        inputs = body.inputs[: 1 + loop.carried]
        graph = Graph(body.name, inputs, tuple(forward.equations), outputs, body.source)
        for var in new:
            kind = Type(var.type.dtype, (loop.length, *var.type.shape))
            stacks[var] = Var(self.scope.fresh(_stem(var)), kind)
        outs = (
            *loop.finals,
            *loop.collected,
            *(stacks[var] for var in new),
            *(() if loop.steps is None else (loop.steps,)),
        )
        self.sweep.replace(
            loop_equation(outs, loop, loop.count, loop.initial, graph, self.equation.origin)
        )
        return stacks

    def _loop(self, body: Graph, sums: Sequence[Var]) -> Iterator[tuple[int, Atom]]:
        """Write the loop itself."""
        loop, scope = self.loop, self.scope
        initial = [self.adjoints[j] or _zeros(scope, loop.finals[j]) for j in self.pulled]
        for var in sums:
            before = self.sweep.take(self.equation, self.captured[var])
            initial.append(before or _zeros(scope, var))
        count = loop.count if loop.steps is None else loop.steps
        parts = replace(
            loop,
            condition=None,
            backwards=not loop.backwards,
            checkpoint=loop.checkpoint if self.again else None,
            captured=(),
        )
        places = [self.first + j for j in self.pulled] + [self.captured[var] for var in sums]
        named = [
            arg if type(arg) is Var else None for arg in map(self.equation.args.__getitem__, places)
        ]
        outs = []
        for arg, var in zip(named, body.outputs, strict=True):
            outs.append(Var(scope.fresh(self._adjoint_stem(arg or var)), var.type))
        scope.append(loop_equation(outs, parts, count, initial, body, self.equation.origin))
        for place, arg, out in zip(places, named, outs, strict=True):
            if arg in self.sweep.active:
                yield place, out

    def _input(self, var: Var) -> Var:
        """What the loop carries of the adjoint of a quantity."""
        return Var(self.inner.unique(f"{self._adjoint_stem(var)}%in"), var.type)

    def _adjoint_stem(self, var: Var) -> str:
        named = self.sweep.unnamed is not None
        return _stem(Var(adjoint_name(var))) if named else self.scope.stem

    def _seed(self, i: int, number: Atom) -> Atom:
        """The adjoint of what a step collects."""
        adjoint = self.adjoints[self.loop.carried + i]
        assert adjoint is not None
        scalar = self.scope.spread_scalar(adjoint)
        if scalar is not None:
            return self.inner.fill(scalar, adjoint.type.shape[1:])
        return row(self.inner, adjoint, number)


def _zeros(b: Builder, var: Var) -> Atom:
    return b.zeros(var.type.shape)


def _stem(var: Var) -> str:
    return var.name.split("%")[0]
