"""Equations under other variables: `Copies`.

The body of a loop shares the scope around it, so a variable that is replaced outside is
replaced within; a function has a scope of its own and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.passes.scopes import loop_equation


class Copies:
    """Copies of equations, in which variables are replaced by what is `known` of them.

    With `renamed`, the results of the copies are new anonymous variables, those excepted that
    are known to be others.
    """

    def __init__(self, b: Builder, known: Mapping[Var, Atom], renamed: bool = True) -> None:
        self.builder = b
        self.known: dict[Var, Atom] = dict(known)
        self.renamed = renamed

    def atom(self, atom: Atom) -> Atom:
        """What stands for an atom in the copies."""
        return self.known.get(atom, atom) if type(atom) is Var else atom

    def equations(self, equations: Iterable[Equation]) -> list[Equation]:
        """Copies of equations, in order."""
        return [self.equation(equation) for equation in equations]

    def equation(self, equation: Equation) -> Equation:
        """A copy of one equation."""
        if equation.op == "loop":
            return self._loop(equation)
        args = tuple(self.atom(arg) for arg in equation.args)
        outs = [self._defined(out) for out in equation.outs]
        return equation._replace(out=outs[0], args=args, others=tuple(outs[1:]))

    def _defined(self, var: Var) -> Var:
        if self.renamed and var not in self.known:
            self.known[var] = Var(self.builder.fresh(var.again), var.type)
        known = self.atom(var)
        assert type(known) is Var
        return known

    def _loop(self, equation: Equation) -> Equation:
        if not self.renamed and not any(var in self.known for var in equation.inputs()):
            return equation
        loop = Loop.of(equation)
        count = None if loop.count is None else self.atom(loop.count)
        initial = [self.atom(value) for value in loop.initial]
        body = self._body(loop.body, loop.carried)
        parts = replace(
            loop,
            condition=loop.condition and self._body(loop.condition, loop.carried),
            captured=tuple(self.atom(var) for var in loop.captured),
        )
        outs = [self._defined(out) for out in equation.outs]
        return loop_equation(outs, parts, count, initial, body, equation.origin)

    def _body(self, graph: Graph, carried: int) -> Graph:
        inputs = tuple(self._defined(var) for var in graph.inputs[: 1 + carried])
        equations = self.equations(graph.equations)
        inner = self.builder.nested()
        outputs = [self.atom(var) for var in graph.outputs]
        results = tuple(
            atom if type(atom) is Var else inner.emit("copy", (atom,)) for atom in outputs
        )
        return Graph(graph.name, inputs, (*equations, *inner.equations), results, graph.source)
