"""A program in which every operation on the way has a name: `elementary`.

A textbook introduces `u1 = x**3, u2 = sin(u1), ...` before it differentiates.  So does this: each
nameless part of a statement through which a derivative goes becomes a quantity with a name that
the program does not have.  What only changes a sign, and what does not depend on the inputs that
derivatives are taken with respect to, stays where it stands.

Invariant: the result is a program with the same values; its constants are all quantities through
which no derivative goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gradc.ad.activity import STRUCTURED, Activity
from gradc.ad.rules import depends, partials
from gradc.explain.opening import Authored, is_hidden, opened
from gradc.ir.graph import Atom, Equation, Graph, Var
from gradc.ir.program import Program
from gradc.ops.builder import Builder
from gradc.ops.expr import Expr
from gradc.ops.table import PRIMITIVES
from gradc.passes.copying import Copies
from gradc.passes.dead import only_needed
from gradc.report.partials import statements

_STEMS = "uvpqst"


@dataclass(frozen=True)
class Elementary:
    """A program of named operations, and what moves in it."""

    program: Program
    wrt: tuple[Var, ...]
    moving: frozenset[Var]  # through which a derivative goes from `wrt` to an output
    generated: frozenset[Var]  # of the named ones, those whose name is not the author's


def elementary(program: Program, wrt: Sequence[Var], authored: Authored, split: bool) -> Elementary:
    """The part of a program that its outputs need; with `split`, every operation is named."""
    graph = opened(program.graph, authored)
    equations = only_needed(graph.equations, graph.outputs)
    moving = _moving(equations, graph.outputs, wrt)
    builder = Builder(graph.names())
    known: dict[Var, Atom] = {}
    if split:
        stem = _stem(graph.names())
        free = moving - _within_hidden(replace(graph, equations=tuple(equations)), authored)
        parts = [out for eq in equations for out in _parts(eq) if out in free]
        for number, part in enumerate(parts, 1):
            known[part] = Var(builder.unique(f"{stem}{number}"), part.type)
        equations = renamed(Copies(builder, known, renamed=False), equations)
    new = [known.get(var, var) for var in moving]
    moved = frozenset(var for var in new if type(var) is Var)
    new_graph = replace(graph, equations=tuple(equations))
    still = frozenset(var for var in new_graph.named() if var not in moved)
    return Elementary(
        replace(program, graph=new_graph, constants=program.constants | still),
        tuple(var for var in wrt if var in moving),
        moved,
        frozenset(var for var in known.values() if type(var) is Var),
    )


def _within_hidden(graph: Graph, authored: Authored) -> set[Var]:
    """The parts of statements that are one step each."""
    return {
        out
        for statement in statements(graph)
        if is_hidden(statement, authored)
        for equation in statement.equations
        for out in equation.outs
    }


def renamed(copies: Copies, equations: Iterable[Equation]) -> list[Equation]:
    """Copies of equations, the results of loops among them."""
    found = []
    for equation in map(copies.equation, equations):
        outs = [var for var in map(copies.atom, equation.outs) if type(var) is Var]
        found.append(equation._replace(out=outs[0], others=tuple(outs[1:])))
    return found


def _moving(equations: Sequence[Equation], outputs: Iterable[Var], wrt: Sequence[Var]) -> set[Var]:
    """The quantities through which a derivative goes."""
    activity = Activity()
    active = activity.dependents(equations, wrt)
    reached = {var for var in outputs if var in active}
    for equation in reversed(equations):
        for i in _passing(activity, equation, reached):
            arg = equation.args[i]
            if type(arg) is Var and arg in active:
                reached.add(arg)
    return reached


def _passing(activity: Activity, equation: Equation, reached: set[Var]) -> Iterator[int]:
    """The operands on which a result that is reached depends."""
    if equation.op in STRUCTURED:
        masks = zip(equation.outs, activity.of(equation), strict=True)
        found = 0
        for out, mask in masks:
            if out in reached:
                found |= mask
        yield from (i for i in range(len(equation.args)) if found >> i & 1)
    elif equation.out in reached:
        yield from (i for i in range(len(equation.args)) if depends(equation, i))


def _parts(equation: Equation) -> Iterator[Var]:
    """The nameless results of an equation that are steps of their own."""
    row = PRIMITIVES[equation.op]
    if row.partials is not None and len(equation.args) == 1:
        (partial,) = partials(equation)
        if not isinstance(partial, Expr):
            return  # a sign, or the same again
    yield from (out for out in equation.outs if out.anonymous)


def _stem(taken: Iterable[str]) -> str:
    """A letter that no name of the program is made of, with a number behind it."""
    begun = {name[0] for name in taken if re.fullmatch(r"\w\d*", name)}
    return next((letter for letter in _STEMS if letter not in begun), _STEMS[0])
