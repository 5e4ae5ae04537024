"""The functions of an emitted module, each from the graph that it computes.

Invariant: identifiers are allocated once for the module, so a quantity has the same name in
every function.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from gradc.ad.reverse import Reverse
from gradc.ir.graph import Equation, Graph, Var
from gradc.ir.program import Program
from gradc.passes.dead import needed
from gradc.targets.statements.body import Body
from gradc.targets.statements.functions import Functions, enumerated, returned, tuple_hint
from gradc.targets.statements.identifiers import Identifiers
from gradc.targets.statements.interface import (
    ENTRY_HELPERS,
    check_ranges,
    check_shapes,
    check_sizes,
    conversions,
    defines_all_sizes,
    hint,
    parameters,
    read_sizes,
)
from gradc.targets.statements.scopes import all_equations, functions, named, wishes
from gradc.targets.statements.style import Style
from gradc.targets.statements.tree import (
    Assign,
    Call,
    Expr,
    ExprStmt,
    Function,
    Name,
    Number,
    Param,
    Return,
    Stmt,
    Subscript,
    Tuple,
    TupleAssign,
)

if TYPE_CHECKING:
    from gradc.ad.forward import Forward

# `value_and_grad` of a small program is written out in one piece: calling `forward` and
# `reverse` would take longer than the arithmetic.
FUSED_EQUATIONS = 64

FUNCTION_NAMES = ("forward", "reverse", "tangent", "value_and_grad", "trace", "hvp", "saved")


class Fused(NamedTuple):
    """The statements of a small function in one piece, and the names of its results."""

    statements: Sequence[Stmt]
    inputs: Mapping[str, str]  # the identifier of each input
    values: tuple[str, ...]  # those of the outputs
    gradients: Mapping[str, str] | None  # the identifier of each input's adjoint


class ModuleWriter(ABC):
    """Writes the functions of one module, in one scope of identifiers."""

    def __init__(
        self, program: Program, wrt: tuple[Var, ...], graphs: Sequence[Graph], style: Style
    ) -> None:
        """`graphs` are all that the module computes."""
        self.program = program
        self.wrt = wrt
        self.graphs = graphs
        self.style = style
        self.functions: list[Function] = []
        self.helpers: dict[str, None] = {}
        self.uses_module = False
        self.fused: dict[str, Fused] = {}
        self.derivatives: dict[Var, Var] = {}
        self.traces = False  # whether the function is `trace`

    # What a language says

    @property
    @abstractmethod
    def takes_arrays(self) -> bool:
        """Whether arguments are converted and checked; numbers are taken as they are."""

    @abstractmethod
    def reserved(self, equations: Iterable[Equation]) -> set[str]:
        """The names that what the equations become may use."""

    @abstractmethod
    def helpers_with(self, names: Iterable[str]) -> Iterable[str]:
        """The names of the helpers among some names, and of those that they call."""

    @abstractmethod
    def printed(self, function: Function) -> str:
        """The text of a function."""

    @abstractmethod
    def text(self) -> str:
        """The text of the module."""

    def decorators(self, name: str) -> tuple[Expr, ...]:
        """What stands before a function of the module."""
        return ()

    # Names

    def name_all(self, backwards: Reverse | None) -> None:
        """Write the functions that are called, and allocate the identifiers of the others: the
        author's names first, then those derived from them."""
        equations = list(chain.from_iterable(graph.equations for graph in self.graphs))
        called = functions(equations)
        every = list(all_equations(chain(*(graph.equations for graph in called), equations)))
        reserved = self.reserved(every) | set(FUNCTION_NAMES)
        names, indices = named(self.graphs)
        wished = wishes(every)
        avoided = (*names, *self.helpers_with(reserved))
        self.called = Functions(self.style, reserved, avoided, wished, self.printed)
        for graph in called:
            self.called.add(graph)
        self.helpers.update(self.called.helpers)
        self.uses_module = self.called.uses_module
        reserved.update(self.called.names)
        self.identifiers = Identifiers(reserved, names, indices, wished)
        if backwards is not None:
            self.derivatives = dict(zip(self.wrt, backwards.adjoints, strict=False))

    # Functions

    def reverse_mode(self, backwards: Reverse) -> None:
        """`forward` and `reverse`."""
        primal, rest = _sweeps(backwards)
        saved = _saved(self.program.graph.inputs, primal, backwards, rest)
        for var in saved:
            self.identifiers[var]  # numbered in the order of the forward sweep
        reverse = self._body()
        reverse.saved(primal)
        reverse.write(rest, backwards.adjoints)
        seeds = backwards.seeds
        begin = self._enter(reverse, seeds, sizes_known=True)
        results = Return(_tuple(reverse, backwards.adjoints))
        sizes = tuple(reverse.sizes)
        names = [self.identifiers[var] for var in saved]
        names += [self.identifiers.size(size) for size in sizes]
        unpack: list[Stmt] = [TupleAssign(tuple(names), Name("saved"))] if names else []
        lone = len(seeds) == 1 and not seeds[0].type.shape
        params = [
            Param(self.identifiers[seed], self._hint(seed), Number(1.0) if lone else None)
            for seed in seeds
        ]
        self._forward(primal, saved, sizes)
        self._function(
            "reverse",
            (Param("saved", Name("tuple")), *params),
            [*unpack, *begin, *reverse.statements, results],
            self._hints(self.wrt),
            f"The derivatives ({_listed(reverse, backwards.adjoints)}), from what `forward` saved.",
        )

    def _forward(
        self, primal: Sequence[Equation], saved: Sequence[Var], sizes: Sequence[str]
    ) -> None:
        graph = self.program.graph
        results = (*graph.outputs, *saved)
        live = needed(primal, results)
        body = self._body()
        body.write([eq for eq in primal if not live.isdisjoint(eq.outs)], results)
        body.sizes.update(dict.fromkeys(sizes))
        begin = self._enter(body, graph.inputs)
        if not self.takes_arrays and _is_small(graph):
            self._in_one_piece("forward", body, None)
        kept = Tuple(
            tuple(body.name(var) for var in saved)
            + tuple(Name(self.identifiers.size(size)) for size in sizes)
        )
        value = _outputs(body, graph.outputs)
        self._function(
            "forward",
            self._parameters(graph.inputs),
            [*begin, *body.statements, Return(Tuple((value, kept)))],
            Subscript(Name("tuple"), (self._returned(graph.outputs), Name("tuple"))),
            f"The value of {_listed(body, graph.outputs)}, and what `reverse` needs.",
        )

    def forward_mode(self, forwards: Forward) -> None:
        """`tangent`."""
        graph = forwards.graph
        body = self._body()
        body.write(graph.equations, graph.outputs)
        begin = self._enter(body, graph.inputs)
        values, tangents = self.program.graph.outputs, forwards.tangents
        result = Tuple((_outputs(body, values), _outputs(body, tangents)))
        kind = self._returned(values)
        self._function(
            "tangent",
            self._parameters(graph.inputs),
            [*begin, *body.statements, Return(result)],
            Subscript(Name("tuple"), (kind, kind)),
            f"The value of {_listed(body, values)}, and its derivative along a direction.",
        )

    def second_order(self, second: Forward) -> None:
        """`hvp`: forward mode of the gradient."""
        graph = second.graph
        count = len(graph.outputs) // 2
        body = self._body()
        body.write(graph.equations, graph.outputs)
        begin = self._enter(body, graph.inputs)
        results = [_tuple(body, part) for part in (graph.outputs[:count], second.tangents)]
        kind = self._hints(self.wrt)
        self._function(
            "hvp",
            self._parameters(graph.inputs),
            [*begin, *body.statements, Return(Tuple(tuple(results)))],
            Subscript(Name("tuple"), (kind, kind)),
            f"The gradient ({_listed(body, graph.outputs[:count])}), "
            "and its derivative along a direction.",
        )

    def both_sweeps(self, backwards: Reverse) -> None:
        """`value_and_grad`, for one scalar output."""
        graph = self.program.graph
        if len(graph.outputs) != 1 or graph.outputs[0].type.shape:
            return
        output = graph.outputs[0]
        if not self.takes_arrays and _is_small(backwards.graph):
            body = self._body()
            (seed,) = backwards.seeds
            results = (output, *backwards.adjoints)
            equations = backwards.graph.equations
            first = {}
            if seed in results or any(seed in equation.inputs() for equation in equations):
                first[backwards.primal_count] = Assign(self.identifiers[seed], Number(1.0))
            body.write(equations, results, first)
            self._used(body)
            statements = body.statements
            self._in_one_piece("value_and_grad", body, backwards.adjoints)
            final: Expr = Tuple((body.name(output), _tuple(body, backwards.adjoints)))
        else:
            arguments = tuple(Name(self.identifiers[var]) for var in graph.inputs)
            name = self.identifiers[output]
            statements = [
                TupleAssign((name, "saved"), Call("forward", arguments)),
            ]
            final = Tuple((Name(name), Call("reverse", (Name("saved"),))))
        listed = enumerated([self.identifiers[adjoint] for adjoint in backwards.adjoints])
        self._function(
            "value_and_grad",
            self._parameters(graph.inputs),
            [*statements, Return(final)],
            Subscript(
                Name("tuple"),
                (self._hint(output), self._hints(self.wrt)),
            ),
            f"The value {self.identifiers[output]} and its derivatives ({listed}).",
        )

    def _in_one_piece(self, function: str, body: Body, adjoints: Sequence[Var] | None) -> None:
        """Note the statements of a function for calls that go straight through them."""
        graph, identifiers = self.program.graph, self.identifiers
        gradients = None
        if adjoints is not None:
            pairs = zip(self.wrt, adjoints, strict=True)
            gradients = {var.name: identifiers[adjoint] for var, adjoint in pairs}
        self.fused[function] = Fused(
            body.statements,
            {var.name: identifiers[var] for var in graph.inputs},
            tuple(identifiers[var] for var in graph.outputs),
            gradients,
        )

    def trace(self, backwards: Reverse, values: Sequence[Var]) -> None:
        """`trace`: every named value and every adjoint."""
        self.traces = True
        _, rest = _sweeps(backwards)
        body = self._body()
        body.write((*backwards.primal, *rest), (*values, *backwards.adjoints))
        inputs = (*self.program.graph.inputs, *backwards.seeds)
        begin = self._enter(body, inputs)
        final = Tuple((_tuple(body, values), _tuple(body, backwards.adjoints)))
        self._function(
            "trace",
            self._parameters(inputs),
            [*begin, *body.statements, Return(final)],
            Subscript(Name("tuple"), (Name("tuple"), Name("tuple"))),
            "Every named value, and the adjoint of every real one.",
        )

    def values(self) -> None:
        """`values`: every output of the program, and nothing else."""
        graph = self.program.graph
        body = self._body()
        body.write(graph.equations, graph.outputs)
        begin = self._enter(body, graph.inputs)
        self._function(
            "values",
            self._parameters(graph.inputs),
            [*begin, *body.statements, Return(_tuple(body, graph.outputs))],
            Name("tuple"),
            "Every output.",
        )

    # Parts

    def _hint(self, var: Var) -> Expr:
        return hint(var.type, self.style.array)

    def _hints(self, variables: Sequence[Var]) -> Expr:
        return tuple_hint(variables, self.style.array)

    def _returned(self, outputs: Sequence[Var]) -> Expr:
        return returned(outputs, self.style.array)

    def _parameters(self, variables: Sequence[Var]) -> tuple[Param, ...]:
        return parameters(self.identifiers, variables, self.style.array)

    def _body(self) -> Body:
        return Body(self.style, self.identifiers, self.called.calls)

    def _enter(self, body: Body, variables: Sequence[Var], sizes_known: bool = False) -> list[Stmt]:
        """Conversion of arguments, sizes and checks of shapes, for a module with arrays."""
        self._used(body)
        if not self.takes_arrays:
            return []
        converted = conversions(self.identifiers, variables)
        trusted = set() if sizes_known else defines_all_sizes(variables)
        checks = check_shapes(body, variables, trusted)
        if not sizes_known:
            checks += check_sizes(body, self.program.requirements)
            checks += check_ranges(body, self.program.inputs)
        read = [] if sizes_known else read_sizes(self.identifiers, variables, body.sizes)
        calls = (s.value for s in (*converted, *read, *checks) if isinstance(s, (Assign, ExprStmt)))
        for call in calls:
            if isinstance(call, Call) and call.func in ENTRY_HELPERS:
                self.helpers.setdefault(str(call.func))
        return [*converted, *read, *checks]

    def _used(self, body: Body) -> None:
        self.helpers.update(body.helpers)
        self.uses_module |= body.uses_module

    def _function(
        self, name: str, params: Iterable[Param], body: list[Stmt], returns: Expr, doc: str
    ) -> None:
        decorators = self.decorators(name)
        self.functions.append(Function(name, tuple(params), body, returns, doc, decorators))


def _sweeps(backwards: Reverse) -> tuple[Sequence[Equation], Sequence[Equation]]:
    """The equations of the forward sweep, and of the reverse sweep."""
    equations = backwards.graph.equations
    return equations[: backwards.primal_count], equations[backwards.primal_count :]


def _is_small(graph: Graph) -> bool:
    """Whether a graph has so few equations that a call costs more than they do."""
    return len(list(islice(all_equations(graph.equations), FUSED_EQUATIONS + 1))) <= FUSED_EQUATIONS


def _saved(
    inputs: Sequence[Var],
    primal: Sequence[Equation],
    backwards: Reverse,
    rest: Sequence[Equation],
) -> list[Var]:
    """The quantities of the forward sweep that the reverse sweep reads, in their order."""
    read = set(backwards.adjoints)
    for equation in rest:
        read.update(equation.inputs())
    order = chain(inputs, chain.from_iterable(equation.outs for equation in primal))
    return [var for var in order if var in read]


def _tuple(body: Body, variables: Sequence[Var]) -> Tuple:
    return Tuple(tuple(body.name(var) for var in variables))


def _outputs(body: Body, variables: Sequence[Var]) -> Expr:
    """One output as it is, several as a tuple."""
    return body.name(variables[0]) if len(variables) == 1 else _tuple(body, variables)


def _listed(body: Body, variables: Sequence[Var]) -> str:
    return enumerated([body.identifiers[var] for var in variables])
