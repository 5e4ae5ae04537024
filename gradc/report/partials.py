"""Every statement of a program with its local partials, as text and, where scalar, as a graph.

A statement is what an author wrote for one named quantity: its equation and the anonymous parts
of it.  The partial with respect to each operand comes from reverse mode on the statement alone,
so that diagrams and explanations show the same derivative as emitted code computes.

A contribution `d operand += ...` is written in one of two ways:

* a factor, by which the adjoint of the result is multiplied, element by element: always where
  the result is a scalar, and where it depends on an array of its own shape elementwise;
* a pullback otherwise, which contains the adjoint of the result by its name: `X.T @ dz`.

A loop is one statement with several results, and pulls the adjoints of all of them back at once:
it says no more than that it does.

Invariant: linear in the size of the program; each statement is differentiated by itself.
Deliberately absent: numbers.  `Partials.scalars` is a graph that computes all scalar factors at
once; who has run it names its results with `Partials.by_edge`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from gradc.ad.names import adjoint_name
from gradc.ad.reverse import Reverse, vjp
from gradc.ad.rules import differentiable
from gradc.ir.graph import Atom, Equation, Graph, Lit, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES
from gradc.passes.copying import Copies
from gradc.passes.dead import needed, without_dead_equations
from gradc.report.formula import Formulas
from gradc.report.notation import TEXT, Notation, Piece
from gradc.report.numbers import number

#: A partial is shown beside an arrow: what is longer loses its end.
LONGEST_PARTIAL = 96

#: What is said of the operands of a loop.
THROUGH_LOOP = "back through the loop"

#: Result and operand of a statement, by name.
Edge = tuple[str, str]


@dataclass(frozen=True)
class Statement:
    """One named quantity, or all that a loop makes: its equation, the parts of that, and the
    quantities it reads."""

    results: tuple[Var, ...]  # those that have a name
    equations: tuple[Equation, ...]  # the last one defines the results
    operands: tuple[Var, ...]  # results of others, in the order in which they are first read

    @property
    def result(self) -> Var:
        """The first result, by which the statement is known."""
        return self.results[0]


@dataclass(frozen=True)
class LocalPartial:
    """What the adjoint of a statement's result contributes to that of one operand.

    `piece` is a factor, or a pullback where it contains the adjoint.  `factor` is what a factor
    is computed by; a literal is exact and needs no evaluation.
    """

    result: Var
    operand: Var
    piece: Piece
    factor: Atom | None = None

    @property
    def text(self) -> str:
        """The factor or the pullback, by itself."""
        return self.piece.text

    @property
    def is_factor(self) -> bool:
        """Whether the adjoint is multiplied, element by element."""
        return self.factor is not None

    @property
    def value(self) -> Atom | None:
        """The scalar that a factor is; None where it is not one."""
        scalar = self.factor is not None and not self.factor.type.shape
        return self.factor if scalar and not self.result.type.shape else None


@dataclass(frozen=True)
class Partials:
    """The statements of a program, and the partials of those that have any.

    An operand without a path to its statement's result (an integer, a constant, the operand of
    `floor`) has no partial.
    """

    statements: tuple[Statement, ...]
    edges: tuple[LocalPartial, ...]
    adjoint_names: Mapping[Var, str]
    scalars: Program  # outputs are all scalar factors that are not literals, each once
    equations: tuple[Equation, ...]  # of the program, and of all factors

    def by_edge(self, results: Iterable[float]) -> dict[Edge, float]:
        """The number of every scalar factor, from the outputs of `scalars` in their order."""
        known = dict(zip(self.scalars.graph.outputs, results, strict=True))
        return {
            (edge.result.name, edge.operand.name): known[edge.value]
            for edge in self.edges
            if isinstance(edge.value, Var)
        }


def local_partials(
    program: Program, notation: Notation = TEXT, chosen: Container[Var] | None = None
) -> Partials:
    """The local partials of every statement of a program, or of those with a chosen result."""
    names = adjoint_names(program.graph)
    every = tuple(statements(program.graph))
    builder = Builder(program.graph.names())
    for equation in program.graph.equations:
        builder.append(equation)
    edges: list[LocalPartial] = []
    for statement in every:
        if chosen is None or statement.result in chosen:
            edges += differentiated(statement, program.constants, names, builder, notation)
    outputs = dict.fromkeys(edge.value for edge in edges if isinstance(edge.value, Var))
    graph = replace(program.graph, equations=tuple(builder.equations), outputs=tuple(outputs))
    scalars = replace(program, graph=without_dead_equations(graph))
    return Partials(every, tuple(edges), names, scalars, tuple(builder.equations))


def statements(graph: Graph) -> Iterator[Statement]:
    """The statements of a graph, in order."""
    parts: dict[Var, tuple[int, Equation]] = {}
    for i, equation in enumerate(graph.equations):
        named = tuple(out for out in equation.outs if not out.anonymous)
        # Of a function, what its adjoint needs has no name: who reads that reads the call.
        parts.update((out, (i, equation)) for out in equation.outs if out.anonymous)
        if not named:
            continue
        own = dict.fromkeys(equation.outs, (i, equation))
        unread = [equation]
        while unread:
            for var in unread.pop().inputs():
                if var in parts and var not in own:
                    own.update((out, parts[var]) for out in parts[var][1].outs)
                    unread.append(parts[var][1])
        ordered = dict(sorted(own.values(), key=lambda pair: pair[0]))
        read = dict.fromkeys(var for eq in ordered.values() for var in eq.inputs())
        operands = tuple(var for var in read if var not in own)
        yield Statement(named, tuple(ordered.values()), operands)


def differentiated(
    statement: Statement,
    constants: frozenset[Var],
    names: Mapping[Var, str],
    builder: Builder,
    notation: Notation,
) -> Iterator[LocalPartial]:
    """The local partials of one statement; `builder` receives the equations of scalar ones."""
    return _Differentiated(statement, constants, names, builder, notation).edges()


def adjoint_names(graph: Graph) -> dict[Var, str]:
    """The names of all adjoints, none of which is a name of the author's."""
    taken = set(graph.names())
    named = [var for var in graph.named() if differentiable(var)]
    names: dict[Var, str] = {}
    for var in chain(graph.outputs, reversed(named)):
        if var not in names:
            name = adjoint_name(var)
            while name in taken:
                name += "_"
            taken.add(name)
            names[var] = name
    return names


class _Differentiated:
    """The partials of one statement; `builder` receives the equations of the scalar ones."""

    def __init__(
        self,
        statement: Statement,
        constants: frozenset[Var],
        names: Mapping[Var, str],
        builder: Builder,
        notation: Notation,
    ) -> None:
        self.notation = notation
        self.statement = statement
        self.names = names
        self.builder = builder
        self.wrt = [
            var for var in statement.operands if differentiable(var) and var not in constants
        ]

    def edges(self) -> Iterator[LocalPartial]:
        """One partial for each operand that the result depends on differentiably."""
        result = self.statement.result
        if self.statement.equations[-1].op == "loop":
            yield from self._through_loop()
            return
        if not self.wrt or not differentiable(result):
            return
        graph = Graph("", self.statement.operands, self.statement.equations, (result,))
        reverse = vjp(graph, self.wrt)
        adjoints = {
            operand: adjoint
            for operand, adjoint in zip(self.wrt, reverse.adjoints, strict=True)
            if operand not in reverse.structural_zeros
        }
        scaling = [adjoint for operand, adjoint in adjoints.items() if self._is_factor(operand)]
        mark = len(self.builder.equations)
        unit = self._with_unit_adjoint(reverse, scaling)
        factors = self._formulas((*self.statement.equations, *self.builder.equations[mark:]), {})
        seed_name = {reverse.seeds[0]: self.notation.adjoint(result.name, self.names[result])}
        sweeps = reverse.graph.equations if len(scaling) < len(adjoints) else ()
        pullbacks = self._formulas(sweeps, seed_name)
        for operand, adjoint in adjoints.items():
            factor = unit.get(adjoint)
            if factor is None:
                yield LocalPartial(result, operand, pullbacks.piece(adjoint))
            else:
                yield LocalPartial(result, operand, factors.piece(factor), factor)

    def _through_loop(self) -> Iterator[LocalPartial]:
        """Of a loop, only which operands it depends on."""
        statement = self.statement
        results = tuple(var for var in statement.results if differentiable(var))
        if not self.wrt or not results:
            return
        reverse = vjp(Graph("", statement.operands, statement.equations, results), self.wrt)
        for operand in self.wrt:
            if operand not in reverse.structural_zeros:
                yield LocalPartial(statement.result, operand, Piece(THROUGH_LOOP))

    def _formulas(self, equations: Sequence[Equation], names: Mapping[Var, Piece]) -> Formulas:
        result = self.statement.result
        return Formulas(
            equations,
            inlined=lambda var: var is not result,
            names=names,
            limit=LONGEST_PARTIAL,
            number=number,
            notation=self.notation,
        )

    def _with_unit_adjoint(self, reverse: Reverse, wanted: Sequence[Var]) -> dict[Atom, Atom]:
        """The wanted adjoints, written again for the adjoint 1, which drops out of products."""
        b = self.builder
        b.origin = self.statement.equations[-1].origin
        b.stem = self.names[self.statement.result]
        live = needed(reverse.graph.equations, wanted)
        known: dict[Atom, Atom] = {reverse.seeds[0]: Lit(1.0)}
        written = set(self.statement.equations)
        for equation in reverse.graph.equations:
            if equation in written or live.isdisjoint(equation.outs):
                continue
            args = tuple(known.get(arg, arg) for arg in equation.args)
            if equation.op == "loop":  # its body reads what stands around it
                around = {var: atom for var, atom in known.items() if type(var) is Var}
                copy = Copies(b, around).equation(equation)
                b.append(copy)
                known.update(zip(equation.outs, copy.outs, strict=True))
            elif PRIMITIVES[equation.op].structured is not None:
                outs = b.emit_all(equation.op, args, equation.params)
                known.update(zip(equation.outs, outs, strict=True))
            elif equation.op == "copy":
                known[equation.out] = args[0]
            elif PRIMITIVES[equation.op].elementwise:
                known[equation.out] = b.apply(equation.op, args, equation.params)
            else:
                known[equation.out] = b.emit(equation.op, args, equation.params)
        return known

    def _is_factor(self, operand: Var) -> bool:
        """Whether the adjoint is multiplied elementwise on the way to an operand."""
        shape = self.statement.result.type.shape
        if not shape:
            return True
        if operand.type.shape != shape:
            return False
        moving = {operand}
        for equation in self.statement.equations:
            if any(var in moving for var in equation.inputs()):
                if equation.out.type.shape != shape or not PRIMITIVES[equation.op].elementwise:
                    return False
                moving.add(equation.out)
        return True
