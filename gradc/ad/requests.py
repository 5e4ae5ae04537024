"""One request for a derivative inside a program: `Request`.

What it needs is written where it stands, after the equations that it differentiates; calls and
loops among those are replaced by what also returns residuals.  A Jacobian is a loop over the
elements of the result, each pulled back, or over those of the operand, each pushed forward:
nothing is unrolled.  What does not depend on the element is computed once, before the loop.

A single element is pushed forward where the calls and loops stand that it goes through, so that
they run once, for their results and the tangents of these.
"""

from __future__ import annotations

from collections.abc import Callable

from gradc.ad.activity import STRUCTURED
from gradc.ad.context import Context
from gradc.ad.preparation import partly_needed
from gradc.ad.sweep import Sweep
from gradc.ad.tangents import Tangents
from gradc.ad.written import Written
from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import INT, Atom, Equation, Graph, Lit, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.control import loop_params
from gradc.ops.steps import count, in_front, reshaped, unit
from gradc.passes.inline import inlined
from gradc.passes.rewriting import with_captured
from gradc.passes.scopes import distinct


class Request:
    """Writes what an equation asks for."""

    def __init__(self, written: Written, context: Context, equation: Equation) -> None:
        self.written = written
        self.context = context
        self.builder = written.builder
        self.equation = equation
        self.value, self.wrt = equation.inputs()
        self._begin()

    def write(self) -> None:
        """Define the result of the request."""
        mark = len(self.builder.equations)
        mode = self.equation.param("mode")
        value: Atom = self.value
        by_rows = mode == "reverse" or (mode == "auto" and self._few_rows() and not self._runs())
        if self.equation.op == "hessian":
            value = self._pulled(self.builder, self.value, Lit(1.0))
            self.written.note()
            by_rows = mode == "reverse"
        shape = value.type.shape
        if type(value) is not Var:
            found = self.builder.zeros((*shape, *self.wrt.type.shape))
        elif by_rows and shape:
            found = self._each(shape, lambda b, seed: self._pulled(b, value, seed))
        elif by_rows:
            found = self._pulled(self.builder, value, Lit(1.0))
        else:
            found = self._columns(value)
        self.builder.define(self.equation.out, found, mark)

    def _begin(self) -> None:
        self.builder.origin = self.equation.origin
        self.builder.stem = self.equation.out.name.split("%")[0]

    def _few_rows(self) -> bool:
        """Whether there are no more elements to pull back than to push forward, as far as can
        be said for all sizes."""
        more = count(self.wrt.type.shape) - count(self.value.type.shape)
        return more.constant is None or more.constant >= 0

    def _runs(self) -> bool:
        """Whether one scalar comes of another by loops, whose steps forward mode need not keep."""
        if self.value.type.shape or self.wrt.type.shape or self.equation.op != "grad":
            return False
        pending = self.written.between(self.wrt, self.value)
        seen: set[Graph] = set()
        while pending:
            equation = pending.pop()
            if equation.op == "loop":
                return True
            if equation.op == "call" and equation.param("graph") not in seen:
                seen.add(equation.param("graph"))
                pending += equation.param("graph").equations
        return False

    def _pulled(self, b: Builder, value: Var, seed: Atom) -> Atom:
        """The adjoint of what is differentiated with respect to, for a seed of a quantity."""
        equations = self.written.between(self.wrt, value)
        while calls := partly_needed(equations, [value]):
            for equation in equations:
                if equation.out in calls:
                    self.written.open(equation.out, inlined(self.builder, equation))
            self._begin()
            equations = self.written.between(self.wrt, value)
        replace = self.written.replace
        sweep = Sweep(
            b, self.context, replace, equations, [value], [seed], [self.wrt], unnamed=None
        )
        sweep.run()
        found = sweep.exact(self.wrt)
        return b.zeros(self.wrt.type.shape) if found is None else found

    def _pushed(self, b: Builder, value: Var, seed: Atom) -> Atom:
        """The tangent of a quantity for one of what is differentiated with respect to."""
        tangents = Tangents(b, self.context, {self.wrt: seed}, named=False, alone=True)
        tangents.write(self.written.between(self.wrt, value))
        found = tangents.known.get(value)
        return b.zeros(value.type.shape) if found is None else found

    def _columns(self, value: Var) -> Atom:
        """The tangents for each element of what is differentiated with respect to."""
        shape = self.wrt.type.shape
        if not shape:
            return self._beside(value)
        every = self._each(shape, lambda b, seed: self._pushed(b, value, seed))
        return in_front(self.builder, every, len(shape))

    def _beside(self, value: Var) -> Atom:
        """The tangent of a quantity for one of a scalar, up to the last call or loop written where
        the equations are."""
        equations = self.written.narrow(self.wrt, value)
        known: dict[Var, Atom] = {self.wrt: Lit(1.0)}
        early = Tangents(self.builder.nested(), self.context, known, named=False, alone=True)
        late = Tangents(self.builder, self.context, known, named=False, alone=True)
        moving = self.context.activity.dependents(equations, [self.wrt])
        runs = [
            n
            for n, equation in enumerate(equations)
            if equation.op in STRUCTURED
            and self.written.stands(equation)
            and not moving.isdisjoint(equation.inputs())
        ]
        last = runs[-1] if runs else -1
        for n, equation in enumerate(equations):
            if n > last:
                late.write([equation])
                continue
            mark = len(early.builder.equations)
            early.alone = n not in runs
            early.write([equation])
            found = early.builder.equations[mark:]
            self.written.widen(equation, [equation, *found] if early.alone else found)
        tangent = known.get(value)
        return self.builder.zeros(value.type.shape) if tangent is None else tangent

    def _each(self, shape: Shape, derive: Callable[[Builder, Atom], Atom]) -> Atom:
        """What is derived for a one at each place of a shape, by a loop over the places."""
        b = self.builder
        trial = b.nested()
        place = Var(b.fresh(b.stem), INT)
        found = derive(trial, unit(trial, place, shape))
        body = b.nested()
        moving = {place}
        for equation in trial.equations:
            if moving.isdisjoint(equation.inputs()):
                b.append(equation)
            else:
                moving.update(equation.outs)
                body.append(equation)
        outputs = distinct(body, [found])
        places, kind = count(shape), found.type
        graph = Graph(f"each_{b.stem}", (place,), tuple(body.equations), outputs)
        out = Var(b.fresh(b.stem), Type(kind.dtype, (places, *kind.shape)))
        params = loop_params(graph, (Dim.of(0), places, 1), 0)
        b.append(with_captured(Equation(out, "loop", (), params, b.origin)))
        if len(shape) == 1:
            return out
        return reshaped(b, out, (*shape, *kind.shape))
