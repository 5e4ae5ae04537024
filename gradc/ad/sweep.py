"""The core of reverse mode: the adjoint of every active quantity of some equations.

Adjoints are written in the order in which a person would write them: an adjoint is written
where its last contribution becomes known.  Equations that hold graphs may be replaced on the
way by equations that also return what the adjoints read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from gradc.ad.activity import STRUCTURED
from gradc.ad.context import Context
from gradc.ad.guards import Guards
from gradc.ad.names import adjoint_name, settle
from gradc.ad.rules import Before, elementwise, pull
from gradc.ir.graph import Atom, Equation, Var
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES
from gradc.passes.dead import needed


class Primal:
    """The equations of a forward sweep, at the beginning of a builder."""

    def __init__(self, b: Builder, equations: Sequence[Equation]) -> None:
        self.builder = b
        self.original = equations
        self.count = len(equations)
        self.positions: dict[Var, int] = {}
        for equation in equations:
            if equation.op in STRUCTURED:
                self.positions[equation.out] = len(b.equations)
            b.append(equation)

    def equations(self) -> tuple[Equation, ...]:
        """The equations as they are now."""
        return tuple(self.builder.equations[: self.count])

    def replace(self, equation: Equation) -> None:
        """Put an equation in the place of the one that defines the same first result."""
        self.builder.equations[self.positions[equation.out]] = equation


class Sweep:
    """The adjoints of `wrt` for seeds of the outputs.

    `replace` puts an equation in the place of the one that defines the same first result.
    With `starts`, the contributions to a quantity are added to what stands there for it, one
    after the other.  Quantities that are `unnamed` have adjoints without a name.  Of the
    outputs, only what is `taken` matters, as in `Guards`.
    """

    def __init__(
        self,
        b: Builder,
        context: Context,
        replace: Callable[[Equation], None],
        equations: Sequence[Equation],
        outputs: Sequence[Var],
        seeds: Sequence[Atom],
        wrt: Sequence[Var],
        starts: Mapping[Var, Var] | None = None,
        unnamed: Collection[Var] | None = frozenset(),
        taken: Sequence[Atom | None] = (),
    ) -> None:
        self.builder = b
        self.context = context
        self.replace = replace
        self.outputs = set(outputs)
        self.wrt = wrt
        self.starts = dict(starts or {})
        self.accumulated = frozenset(self.starts)
        self.unnamed = unnamed  # None: all quantities
        useful = needed(equations, outputs)
        active = context.activity.dependents(equations, wrt)
        self.active = {var for var in active if var in useful}
        self.live = [
            eq
            for eq in equations
            if eq.out in self.active or (eq.others and not self.active.isdisjoint(eq.others))
        ]
        self.guards = Guards(equations, outputs, taken)
        self.uses: dict[Var, int] = {}
        self.pending: dict[Var, list[Atom]] = {}
        self.adjoint: dict[Var, Atom | None] = {}
        self.guards.adjoints = self.adjoint
        self.computed: frozenset[Atom] = frozenset(out for eq in equations for out in eq.outs)
        self.inexact: set[Var] = set()  # whose adjoints are not exactly zero outside their guards
        self._fresh: set[Atom] = set()  # results of equations that pull through a graph
        self._seed_names: set[Var] = set()  # outputs whose seeds bear their adjoints' names
        for var, seed in zip(outputs, seeds, strict=True):
            self.pending.setdefault(var, []).append(seed)
            if type(seed) is Var and not seed.anonymous:
                self._seed_names.add(var)

    def run(self) -> None:
        """Write all adjoints."""
        for equation in self.live:
            for var in equation.inputs():
                if var in self.active:
                    self.uses[var] = self.uses.get(var, 0) + 1
        for var in list(self.pending):
            if var in self.active and not self.uses.get(var):
                self._finish(var)
        for equation in reversed(self.live):
            self._step(equation)

    def exact(self, var: Var) -> Atom | None:
        """The adjoint of a quantity, zero exactly where no branch needs it; None if it is zero
        everywhere."""
        adjoint = self.adjoint.get(var)
        guard = self.guards.of(var)
        if adjoint is not None and guard is not None and var in self.inexact:
            adjoint = self.adjoint[var] = self.guards.select(self.builder, guard, adjoint)
            self.inexact.remove(var)
        return adjoint

    def result(self, var: Var) -> Var:
        """The adjoint of a quantity as a variable."""
        adjoint = self.exact(var)
        if type(adjoint) is Var:
            return adjoint
        b = self.builder
        b.origin = None
        zero = b.zeros(var.type.shape) if adjoint is None else adjoint
        return settle(b, zero, adjoint_name(var), len(b.equations) - 1)

    def take(self, equation: Equation, i: int) -> Atom | None:
        """What was contributed to an operand so far, for an equation that adds to it itself.

        None where there is nothing, or where the contribution has to be selected.
        """
        var = equation.args[i]
        assert type(var) is Var
        use = self.guards.edge(equation, i)
        if use is not None and (var in self.accumulated or use is not self.guards.of(var)):
            return None
        terms = self.pending.pop(var, [])
        if var in self.starts:
            terms.insert(0, self.starts.pop(var))
        return self._sum(terms) if terms else None

    def _step(self, equation: Equation) -> None:
        """Pull the adjoints of the results back to the operands, and finish each operand as
        soon as its last use is behind us."""
        b = self.builder
        if self.unnamed is not None:
            b.origin = equation.origin
            b.stem = adjoint_name(equation.out).split("%")[0]
        retired = 0
        for i, term in self._contributions(equation):
            var = equation.args[i]
            assert type(var) is Var
            self._retire(equation.args[retired:i])
            self.pending.setdefault(var, []).append(term)
            self._retire((var,))
            retired = i + 1
        self._retire(equation.args[retired:])

    def _retire(self, args: Sequence[Atom]) -> None:
        for var in args:
            if type(var) is Var and var in self.active:
                self.uses[var] -= 1
                if not self.uses[var]:
                    self._finish(var)

    def _contributions(self, equation: Equation) -> Iterator[tuple[int, Atom]]:
        """What an equation contributes to its operands, each selected where it leaves a
        branch; see Note [Regions] in `guards`."""
        b, guards = self.builder, self.guards
        structured = equation.op in STRUCTURED
        if guards.trivial and not structured:
            adjoint = self.adjoint.get(equation.out)
            if adjoint is not None:
                yield from pull(b, equation, adjoint, self.active)
            return
        adjoints = [self.adjoint.get(out) for out in equation.outs]
        if all(adjoint is None for adjoint in adjoints):
            return
        row = PRIMITIVES[equation.op]
        exact = equation.out not in self.inexact
        for k, out in enumerate(equation.outs):
            guard, adjoint = guards.of(out), adjoints[k]
            if guard is None or adjoint is None or out not in self.inexact:
                continue
            if guard is not guards.joint(equation) or (guard.shape and not elementwise(equation)):
                adjoints[k], exact = guards.select(b, guard, adjoint), True
        guard = guards.of(equation.out)
        summed: set[int] = set()

        def before_sum(position: int, value: Atom) -> Atom:
            inner = guards.summed(equation, position)
            if inner is None:
                return value
            summed.add(position)
            return guards.select(b, inner, value)

        if structured:
            terms = self._pull_structured(equation, adjoints, before_sum)
        else:
            assert adjoints[0] is not None
            if guard is not None and guard.shape and row.multilinear:
                terms = self._pull_product(equation, adjoints[0])
            else:
                terms = pull(b, equation, adjoints[0], self.active, before_sum)
        for i, term in terms:
            var = equation.args[i]
            assert type(var) is Var
            use = guards.edge(equation, i)
            if use is not None and i not in summed and not (exact and row.transpose):
                if use is guards.of(var) and var not in self.accumulated:
                    self.inexact.add(var)
                else:
                    term = guards.select(b, use, term)
            yield i, term

    def _pull_structured(
        self, equation: Equation, adjoints: Sequence[Atom | None], before_sum: Before
    ) -> Iterator[tuple[int, Atom]]:
        for i, term in self.context.pull[equation.op](self, equation, adjoints, before_sum):
            self._fresh.add(term)
            yield i, term

    def _pull_product(self, equation: Equation, adjoint: Atom) -> Iterator[tuple[int, Atom]]:
        """As `pull`, of a product of operands in a branch: what was computed of an operand for
        elements not taken may be infinite, and would make NaN of the zeros of the adjoint."""
        b, args = self.builder, list(equation.args)
        for i, arg in enumerate(equation.args):
            use = self.guards.edge(equation, i)
            if use is not None and arg in self.computed:
                args[i] = self.guards.select(b, use, arg)
        taken = equation._replace(args=tuple(args))
        transpose = PRIMITIVES[equation.op].transpose
        assert transpose is not None
        for i, arg in enumerate(equation.args):
            if type(arg) is Var and arg in self.active:
                yield i, transpose(b, taken, adjoint, i)

    def _sum(self, terms: Sequence[Atom]) -> Atom:
        total = terms[0]
        for term in terms[1:]:
            total = self.builder.add(total, term)
        return total

    def _finish(self, var: Var) -> None:
        """Sum the contributions to a quantity; a named one gets its adjoint's name."""
        terms = self.pending.pop(var, [])
        if not terms:
            self.adjoint[var] = None
            return
        if var in self.starts:
            terms.insert(0, self.starts.pop(var))
        b = self.builder
        mark = len(b.equations) - 1
        total = self._sum(terms)
        self.adjoint[var] = total
        named = self.unnamed is not None and var not in self.unnamed and not var.anonymous
        if not named or (var in self.outputs and len(terms) == 1):
            return
        total = self.exact(var) or total
        name = adjoint_name(var) + ("_total" if var in self._seed_names else "")
        if total in self._fresh and type(total) is Var and total.anonymous:
            total.name = b.unique(name)
        else:
            self.adjoint[var] = settle(b, total, name, mark)
