"""All that a derivation needs to know of a program, before any number: `Study`.

Invariant: the numbers of local partials and of paths come from `equations`, which are emitted and
run as any others; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, UsageError
from gradc.explain.closed import Closed, closed_form
from gradc.explain.elementary import Elementary, elementary
from gradc.explain.jacobian import Jacobians
from gradc.explain.network import Edge, Network, Path
from gradc.explain.opening import Authored, is_hidden
from gradc.explain.within import Inner
from gradc.ir.graph import Atom, Equation, Lit, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.report.notation import Notation
from gradc.report.partials import LocalPartial, Statement, local_partials

#: More operations than this are not named one by one: statements stay whole.
MOST_OPERATIONS = 60

#: What is said of the operands of a statement that goes through loops which nobody wrote.
THROUGH_STATEMENT = "back through the statement"

#: More paths than this are not written down.
MOST_PATHS = 6

#: Nor paths of more factors than this in all.
_MOST_FACTORS = 40


class Term(NamedTuple):
    """One path, and the scalar that its factors multiply to, where they are scalars."""

    path: Path
    product: Atom | None


@dataclass(frozen=True)
class Route:
    """How one input reaches the output."""

    start: Var
    count: int
    terms: tuple[Term, ...]  # none where there are too many, or where one has no matrix
    total: Atom | None  # the sum of all products


@dataclass(frozen=True)
class Study:
    """A program, taken apart."""

    program: Program  # as its author wrote it
    output: Var
    wrt: tuple[Var, ...]
    elementary: Elementary
    statements: tuple[Statement, ...]  # through which a derivative goes
    network: Network
    routes: tuple[Route, ...]
    adjoint_names: Mapping[Var, str]
    closed: Closed | str  # or why there is no closed form
    through: tuple[Var, ...]  # quantities that every path is asked to go through
    inner: Inner | None  # where this is a function, or a step of a loop
    authored: Authored
    hidden: frozenset[Var]  # results of statements that are one step, as a whole
    equations: tuple[Equation, ...]  # of the program, of partials and of products

    @property
    def given(self) -> Mapping[Var, str]:
        """What the adjoints of the results are, where those are given from outside."""
        return self.inner.given if self.inner is not None else {}

    @cached_property
    def scalar(self) -> bool:
        """Whether every quantity on the way is a scalar."""
        return not any(var.type.shape for var in self.elementary.moving)


def study(
    program: Program,
    wrt: Sequence[Var],
    notation: Notation,
    authored: Authored,
    through: Sequence[str] = (),
    inner: Inner | None = None,
) -> Study:
    """Take a program with one scalar output apart, or what is `inner` to one.

    `authored` is what the author wrote; `through` names quantities that every path
    goes through.  Raises UsageError for one that is not on the way.
    """
    output = program.graph.outputs[0]
    given = inner.given if inner is not None else {}
    parts = elementary(program, wrt, authored, split=True)
    if len(parts.moving) > MOST_OPERATIONS:
        parts = elementary(program, wrt, authored, split=False)
    partials = local_partials(parts.program, notation)
    builder = Builder(parts.program.graph.names())
    for equation in partials.equations:
        builder.append(equation)
    moving = parts.moving
    statements = tuple(s for s in partials.statements if not moving.isdisjoint(s.results))
    of = {statement.result: statement for statement in statements}
    hidden = {s.result for s in statements if is_hidden(s, authored)}
    jacobians = Jacobians(notation, builder)
    shown = [
        _named(partial, notation) if partial.result in hidden else partial
        for partial in partials.edges
        if partial.result in of and partial.operand in moving
    ]
    edges = [
        Edge(partial, jacobians.of(of[partial.result], partial, partial.result in hidden))
        for partial in shown
    ]
    node = {var: s.result for s in statements for var in s.results}
    network = Network(edges, node)
    starts = parts.wrt
    stops: tuple[Var, ...] = ()
    if through:
        stops = _on_the_way(parts, through)
        starts = tuple(var for var in starts if var is stops[0]) or starts
        network, statements = _limited(network, edges, statements, node, starts, stops, output)
    routes = [_route(network, builder, var, stops, output) for var in starts if not given]
    return Study(
        program,
        output,
        starts if through else tuple(wrt),
        parts,
        statements,
        network,
        tuple(routes),
        partials.adjoint_names,
        "" if through or given else closed_form(program, parts.wrt),
        stops,
        inner,
        authored,
        frozenset(hidden),
        tuple(builder.equations),
    )


def _named(partial: LocalPartial, notation: Notation) -> LocalPartial:
    """A partial of a statement that is one step, written by its name."""
    if partial.is_factor:
        piece = notation.partial(partial.result.name, partial.operand.name)
    else:
        piece = notation.words(THROUGH_STATEMENT)
    return replace(partial, piece=piece)


def _on_the_way(parts: Elementary, names: Sequence[str]) -> tuple[Var, ...]:
    """The quantities of some names, in the order of the program; raises UsageError for others."""
    known = {var.name: var for var in parts.program.graph.named() if var in parts.moving}
    unknown = [name for name in names if name not in known]
    if unknown:
        shown = ", ".join(list(known)[:12]) + (", ..." if len(known) > 12 else "")
        raise UsageError(
            [
                Diagnostic(
                    "G0721",
                    f"no derivative goes through `{name}`",
                    help=f"choose among: {shown}",
                )
                for name in unknown
            ]
        )
    return tuple(known[name] for name in names)


def _limited(
    network: Network,
    edges: Sequence[Edge],
    statements: Sequence[Statement],
    node: dict[Var, Var],
    starts: Sequence[Var],
    stops: Sequence[Var],
    output: Var,
) -> tuple[Network, tuple[Statement, ...]]:
    """What lies on paths through all stops; raises UsageError where there is none."""
    on_path: set[Edge] = set()
    for start in starts:
        ends = list(dict.fromkeys((start, *stops, output)))
        if network.count(ends):
            on_path.update(network.between(ends))
    if not on_path:
        names = ", ".join(var.name for var in stops)
        help = "name quantities in the order in which they are computed"
        raise UsageError([Diagnostic("G0722", f"no path leads through {names}", help=help)])
    kept = [edge for edge in edges if edge in on_path]
    reached = {edge.result for edge in kept}
    return Network(kept, node), tuple(s for s in statements if s.result in reached)


def _route(
    network: Network, builder: Builder, start: Var, stops: Sequence[Var], output: Var
) -> Route:
    ends = list(dict.fromkeys((start, *stops, output)))
    count = network.count(ends) if len(ends) > 1 else 0
    if not 0 < count <= MOST_PATHS:
        return Route(start, count, (), None)
    paths = network.paths(ends)
    plain = all(edge.jacobian.piece is not None for path in paths for edge in path)
    if not plain or sum(map(len, paths)) > _MOST_FACTORS:
        return Route(start, count, (), None)
    terms = [Term(path, _product(builder, path)) for path in paths]
    total: Atom | None = None
    products = [term.product for term in terms if term.product is not None]
    if len(products) == len(terms):
        total = products[0]
        for product in products[1:]:
            total = builder.emit("add", (total, product))
    return Route(start, count, tuple(terms), total)


def _product(builder: Builder, path: Path) -> Atom | None:
    """The product of the scalars along a path, from the output on."""
    factors = [edge.partial.value for edge in reversed(path)]
    if any(factor is None for factor in factors):
        return None
    total: Atom = Lit(1.0)
    for factor in factors:
        assert factor is not None
        total = builder.apply("mul", (total, factor))
    return total
