"""What the steps of a loop save for the steps of its adjoint: `Stacks`.

A step of the adjoint reads a row of a quantity that the forward loop collects besides its own.
Nothing is saved that is captured, or comes of the counter and of what is there with little
arithmetic.  A carried quantity is saved as it is before each step; what it is after the step is
what it was before the next one, so the adjoint, which comes from there, carries it along.

A loop whose `checkpoint` is 1 saves the carried quantities before each step and nothing else;
its adjoint computes the step again.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ad.names import stem
from gradc.ad.residuals import Residuals
from gradc.ad.sweep import Primal, Sweep
from gradc.ir.dims import Dim
from gradc.ir.graph import Atom, Equation, Graph, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.ops.steps import row
from gradc.passes.copying import Copies
from gradc.passes.scopes import distinct, loop_equation


class Stacks:
    """What a step of the adjoint reads of the forward sweep.

    `known` has, for quantities of the forward body, those of the adjoint's; `equations` compute
    them.  `after` are carried quantities of the adjoint, `before` what a step makes of them, and
    `finals` their first values.
    """

    def __init__(self, sweep: Sweep, equation: Equation, primal: Primal) -> None:
        self.sweep = sweep
        self.equation = equation
        self.loop = Loop.of(equation)
        self.primal = primal
        self.everything = self.loop.checkpoint == Dim.of(1)
        self.known: dict[Var, Var] = {}
        self.equations: list[Equation] = []
        self.after: list[Var] = []
        self.before: list[Var] = []
        self.finals: list[Var] = []

    def resolve(
        self,
        b: Builder,
        counter: Var,
        number: Atom,
        readers: Sequence[Equation],
        results: Sequence[Var],
    ) -> None:
        """Find how the readers, and those who take the results, come by what they need; `b` is
        for the beginning of the adjoint's body, in which `number` is that of the step."""
        loop, body = self.loop, self.loop.body
        inputs = body.inputs[1 : 1 + loop.carried]
        given = {body.inputs[0], *body.inputs[1 + loop.carried :]}
        residuals = Residuals(self.primal.equations(), given, inputs, self.everything)
        residuals.resolve(readers, results)
        stacks = dict(zip(body.outputs[loop.carried :], loop.collected, strict=True))
        needed = set(residuals.saved)
        along = [
            j
            for j, (var, after) in enumerate(zip(inputs, body.outputs, strict=False))
            if var in needed and after in needed and after not in stacks
        ]
        carried_along = {body.outputs[j] for j in along}
        saved = [var for var in residuals.saved if var not in carried_along]
        stacks |= self._collected([var for var in saved if var not in stacks])
        self.known = {body.inputs[0]: counter}
        previous = {inputs[j] for j in along}
        for var in saved:
            b.stem = var.again
            name = b.unique(f"{stem(var)}%prev") if var in previous else None
            self.known[var] = row(b, stacks[var], number, name)
        for j in along:
            after = Var(b.unique(f"{stem(inputs[j])}%after"), inputs[j].type)
            self.known[body.outputs[j]] = after
            self.after.append(after)
            self.before.append(self.known[inputs[j]])
            self.finals.append(loop.finals[j])
        copies = Copies(b, self.known)
        self.equations = [*b.equations, *copies.equations(residuals.recomputed)]
        self.known |= {var: found for var, found in copies.known.items() if type(found) is Var}

    def _collected(self, saved: Sequence[Var]) -> dict[Var, Var]:
        """Let the forward loop collect quantities of its body; the results, by quantity."""
        loop, body, scope = self.loop, self.loop.body, self.sweep.builder
        if not saved:
            return {}
        b = scope.nested()
        inputs = body.inputs[: 1 + loop.carried]
        # Carried quantities are copied before the step replaces them.
        carried = set(inputs)
        rows = {
            var: b.emit("copy", (var,), name=b.fresh(stem(var))) if var in carried else var
            for var in saved
        }
        for equation in self.primal.original if self.everything else self.primal.equations():
            b.append(equation)
        outputs = distinct(b, [*body.outputs, *rows.values()])
        graph = Graph(body.name, inputs, tuple(b.equations), outputs, body.source)
        stacks = {
            var: Var(scope.fresh(stem(var)), Type(var.type.dtype, (loop.length, *var.type.shape)))
            for var in saved
        }
        outs = [*loop.finals, *loop.collected, *stacks.values()]
        outs += [] if loop.steps is None else [loop.steps]
        origin = self.equation.origin
        self.sweep.replace(loop_equation(outs, loop, loop.count, loop.initial, graph, origin))
        return stacks
