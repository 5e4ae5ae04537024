"""Calls whose derivative the author states: `with dt = ...`.

The partial in an operand is a value of the same call.  Where the result is a scalar, it has the
shape of the operand, and the tangent is the sum of all products; where the result is an array,
the partial has the result's shape and the call acts elementwise.  A call that is repeated along
leading axes does so for each place on them; its real operands and partials have them all.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from string import ascii_lowercase

from gradc.ad.context import Context
from gradc.ad.rules import Before, authored_partials, differentiable, mapped, unspread
from gradc.ad.tangents import Tangents
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ops.builder import Builder
from gradc.ops.expr import Leaf
from gradc.passes.dead import only_needed


def push_authored(tangents: Tangents, equation: Equation) -> None:
    """Write a call, and its tangent by the author's partials."""
    tangents.keep(equation)
    tangents.begin(equation)
    b, moving = tangents.builder, tangents.moving(equation)
    mark = len(b.equations)
    total: Atom | None = None
    for i, partial in zip(moving, _values(b, tangents.context, equation, moving), strict=True):
        arg = equation.args[i]
        assert type(arg) is Var
        term = _product(b, tangents.known[arg], partial, equation)
        total = term if total is None else b.add(total, term)
    if total is not None:
        tangents.settle(equation.out, b.fill(total, equation.out.type.shape), mark)


def pull_authored(
    b: Builder,
    context: Context,
    equation: Equation,
    adjoint: Atom,
    active: Container[Var],
    before_sum: Before | None,
) -> Iterator[tuple[int, Atom]]:
    """What the adjoint of the result contributes to each active operand."""
    wanted = [i for i, arg in enumerate(equation.args) if type(arg) is Var and arg in active]
    for i, partial in zip(wanted, _values(b, context, equation, wanted), strict=True):
        many = mapped(equation)
        term = b.scale(_spread(b, adjoint, partial, many), Leaf(partial))
        assert term is not None
        if equation.out.type.shape[many:] and not many:
            term = unspread(b, equation, i, term, before_sum)
        elif equation.args[i].type.shape != term.type.shape:
            term = b.sum(term, range(many, len(term.type.shape)))
        yield i, term


def _product(b: Builder, tangent: Atom, partial: Var, equation: Equation) -> Atom:
    """The tangent of the result: a sum of products where that is a scalar of an array."""
    many, rank = mapped(equation), len(partial.type.shape)
    if len(equation.out.type.shape) > many or rank == many:
        term = b.scale(_spread(b, tangent, partial, many), Leaf(partial))
        assert term is not None
        return term
    letters = ascii_lowercase[:rank]
    return b.contract(partial, tangent, f"{letters},{letters}->{letters[:many]}")


def _spread(b: Builder, value: Atom, partial: Var, many: int) -> Atom:
    """A number for each place on leading axes, repeated along the others of a partial."""
    if not many or len(value.type.shape) > many:
        return value
    return b.broadcast(value, partial.type.shape, tuple(range(many)))


def _values(
    b: Builder, context: Context, equation: Equation, wanted: Sequence[int]
) -> tuple[Var, ...]:
    """The partials in some operands, as results of one call."""
    graph = authored_partials(equation)
    assert graph is not None
    if not wanted:
        return ()
    key = (graph, frozenset(wanted))
    if key not in context.partials:
        context.partials[key] = _restricted(graph, wanted)
    return b.emit_all("call", equation.args, (("graph", context.partials[key]),))


def _restricted(graph: Graph, wanted: Sequence[int]) -> Graph:
    """The graph of the partials in some of the real operands."""
    reals = [i for i, var in enumerate(graph.inputs) if differentiable(var)]
    if list(wanted) == reals:
        return graph
    outputs = tuple(graph.outputs[reals.index(i)] for i in wanted)
    equations = tuple(only_needed(graph.equations, outputs))
    return replace(graph, equations=equations, outputs=outputs)
