"""Reverse mode: a graph with, after its equations, the adjoint of every active quantity.

The result is a graph again: its inputs are those of the original followed by one seed for
each output (`dJ`, of the output's shape), its outputs those of the original followed by the
adjoints of `wrt`.  Equations up to `primal_count` are the forward sweep, the others the
reverse sweep, in the order in which a person would write them: an adjoint is written where
its last contribution becomes known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from gradc.ad.guards import Guards
from gradc.ad.names import adjoint_name, settle
from gradc.ad.rules import differentiable, pull
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES
from gradc.passes.dead import needed


class Reverse(NamedTuple):
    """The graph of a program and its adjoints."""

    graph: Graph
    primal_count: int
    seeds: tuple[Var, ...]  # one for each output of the original, inputs of the graph
    adjoints: tuple[Var, ...]  # of `wrt`, in that order
    structural_zeros: frozenset[Var]  # those of `wrt` that no output depends on


def vjp(graph: Graph, wrt: Sequence[Var]) -> Reverse:
    """Differentiate in reverse mode: the vector-Jacobian product for every quantity of `wrt`.

    `wrt` are quantities of the graph with real elements: inputs, or named results.
    """
    return _Sweep(graph, wrt).run()


class _Sweep:
    def __init__(self, graph: Graph, wrt: Sequence[Var]) -> None:
        self.graph = graph
        self.wrt = wrt
        self.builder = Builder(graph.names(), share=True)
        for equation in graph.equations:
            self.builder.append(equation)
        useful = needed(graph.equations, graph.outputs)
        active = _dependents(graph.equations, wrt)
        self.active = {var for var in active if var in useful}
        self.live = [eq for eq in graph.equations if eq.out in self.active]
        self.seeds = tuple(
            Var(self.builder.unique(adjoint_name(var)), var.type) for var in graph.outputs
        )
        self.guards = Guards(graph.equations, graph.outputs)
        self.uses: dict[Var, int] = {}
        self.pending: dict[Var, list[Atom]] = {}
        self.adjoint: dict[Var, Atom | None] = {}
        self.computed: frozenset[Atom] = frozenset(eq.out for eq in graph.equations)
        self.inexact: set[Var] = set()  # whose adjoints are not exactly zero outside their guards

    def run(self) -> Reverse:
        b, graph = self.builder, self.graph
        for equation in self.live:
            for var in equation.inputs():
                if var in self.active:
                    self.uses[var] = self.uses.get(var, 0) + 1
        for var, seed in zip(graph.outputs, self.seeds, strict=True):
            self.pending.setdefault(var, []).append(seed)
        for var in dict.fromkeys(graph.outputs):
            if var in self.active and not self.uses.get(var):
                self._finish(var)
        for equation in reversed(self.live):
            self._step(equation)
        adjoints = tuple(self._result(var) for var in self.wrt)
        widened = Graph(
            graph.name,
            (*graph.inputs, *self.seeds),
            tuple(b.equations),
            (*graph.outputs, *adjoints),
            graph.source,
        )
        live = needed(widened.equations, widened.outputs)
        primal = [eq for eq in b.equations[: len(graph.equations)] if eq.out in live]
        rest = [eq for eq in b.equations[len(graph.equations) :] if eq.out in live]
        return Reverse(
            replace(widened, equations=(*primal, *rest)),
            len(primal),
            self.seeds,
            adjoints,
            frozenset(var for var in self.wrt if self.adjoint.get(var) is None),
        )

    def _step(self, equation: Equation) -> None:
        """Pull the adjoint of one result back to its operands, and finish each operand as
        soon as its last use is behind us."""
        b = self.builder
        b.origin, b.stem = equation.origin, adjoint_name(equation.out).split("%")[0]
        adjoint = self.adjoint.get(equation.out)
        retired = 0
        if adjoint is not None:
            for i, term in self._contributions(equation, adjoint):
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

    def _contributions(self, equation: Equation, adjoint: Atom) -> Iterator[tuple[int, Atom]]:
        """What an equation contributes to its operands, each selected where it leaves a
        branch; see Note [Regions] in `guards`."""
        b, guards = self.builder, self.guards
        if guards.trivial:
            yield from pull(b, equation, adjoint, self.active)
            return
        row, guard = PRIMITIVES[equation.op], guards.of(equation.out)
        exact = equation.out not in self.inexact
        if guard is not None and guard.shape and not row.elementwise and not exact:
            adjoint, exact = guards.select(b, guard, adjoint), True
        summed: set[int] = set()

        def before_sum(position: int, value: Atom) -> Atom:
            inner = guards.summed(equation, position)
            if inner is None:
                return value
            summed.add(position)
            return guards.select(b, inner, value)

        if guard is not None and guard.shape and row.multilinear:
            terms = self._pull_product(equation, adjoint)
        else:
            terms = pull(b, equation, adjoint, self.active, before_sum)
        for i, term in terms:
            var = equation.args[i]
            assert type(var) is Var
            use = guards.edge(equation, i)
            if use is not None and i not in summed and not (exact and row.transpose):
                if use is guards.of(var):
                    self.inexact.add(var)
                else:
                    term = guards.select(b, use, term)
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

    def _finish(self, var: Var) -> None:
        """Sum the contributions to a quantity; a named one gets its adjoint's name."""
        terms = self.pending.pop(var, None)
        if terms is None:
            self.adjoint[var] = None
            return
        b = self.builder
        mark = len(b.equations) - 1
        total = terms[0]
        for term in terms[1:]:
            total = b.add(total, term)
        output = var in self.graph.outputs
        if var.anonymous or (output and len(terms) == 1):
            self.adjoint[var] = total
            return
        guard = self.guards.of(var)
        if guard is not None and var in self.inexact:
            total = self.guards.select(b, guard, total)
            self.inexact.remove(var)
        name = adjoint_name(var) + ("_total" if output else "")
        self.adjoint[var] = settle(b, total, name, mark)

    def _result(self, var: Var) -> Var:
        adjoint = self.adjoint.get(var)
        if type(adjoint) is Var:
            return adjoint
        b = self.builder
        b.origin = None
        zero = b.zeros(var.type.shape)
        return settle(b, zero, adjoint_name(var), len(b.equations) - 1)


def _dependents(equations: Sequence[Equation], roots: Sequence[Var]) -> set[Var]:
    """The differentiable quantities that depend on the roots, the roots included."""
    found = set(roots)
    for equation in equations:
        if equation.out in found or not differentiable(equation.out):
            continue
        for var in equation.inputs():
            if var in found:
                found.add(equation.out)
                break
    return found
