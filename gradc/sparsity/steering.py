"""Integers and truths on which a pattern depends: where elements are read, which branch is taken.

Those that do not depend on what is differentiated in are the same wherever derivatives are taken,
and a pattern that follows from them holds there too.  Their values come from running a graph that
returns them (`exposed`), those inside loops for every step; all others count as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gradc.ir.graph import DType, Equation, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.control import Loop
from gradc.passes.rewriting import with_params
from gradc.passes.scopes import loop_equation


class Fixed(NamedTuple):
    """The values of a quantity: an axis for each loop around it, and then its own."""

    values: Any
    depth: int
    varies: tuple[bool, ...]  # for each of these loops, whether its steps differ


class Exposed(NamedTuple):
    """Equations that do not move, and which of their results have what is wanted."""

    equations: tuple[Equation, ...]
    places: Mapping[Var, tuple[Var, int]]  # the result, and the number of loops around it


def dependents(equations: Iterable[Equation], roots: Iterable[Var]) -> set[Var]:
    """Everything whose value may change with the roots, derivatives or not."""
    moving = set(roots)
    _spread(equations, moving)
    return moving


def wanted(equations: Iterable[Equation], active: set[Var], moving: set[Var]) -> set[Var]:
    """What patterns of active quantities depend on, as far as it does not move."""
    found: set[Var] = set()
    for equation, loop in _all(equations):
        if loop is not None:
            steering = [loop.steps if loop.count is None else loop.count]
        elif active.isdisjoint(equation.outs):
            continue
        else:
            steering = [arg for arg in equation.args if arg.type.dtype is not DType.REAL]
        found.update(var for var in steering if type(var) is Var and var not in moving)
    return found - {loop.body.inputs[0] for _, loop in _all(equations) if loop is not None}


def active_only(equations: Iterable[Equation], active: set[Var]) -> list[Equation]:
    """The equations that define what is active, in loops too."""
    kept = []
    for equation in equations:
        if active.isdisjoint(equation.outs):
            continue
        if equation.op == "loop":
            body = Loop.of(equation).body
            inner = replace(body, equations=tuple(active_only(body.equations, active)))
            equation = with_params(equation, {"body": inner})
        kept.append(equation)
    return kept


def exposed(b: Builder, equations: Iterable[Equation], what: set[Var], moving: set[Var]) -> Exposed:
    """The equations that do not move; their results have the values of some quantities, at every
    step of loops."""
    written: list[Equation] = []
    places: dict[Var, tuple[Var, int]] = {}
    for equation in equations:
        if equation.op == "loop":
            loop, inner = _exposed_loop(b, equation, what, moving)
            written += [] if loop is None else [loop]
            places.update(inner)
        elif not moving.issuperset(equation.outs):
            written.append(equation)
        places.update((out, (out, 0)) for out in equation.outs if out in what)
    return Exposed(tuple(written), places)


def _exposed_loop(
    b: Builder, equation: Equation, what: set[Var], moving: set[Var]
) -> tuple[Equation | None, Mapping[Var, tuple[Var, int]]]:
    """A loop without what moves, None where nothing is left, and what it collects."""
    loop = Loop.of(equation)
    counter, *inside = loop.body.inputs[: 1 + loop.carried]
    kept = [i for i, out in enumerate((*loop.finals, *loop.collected)) if out not in moving]
    carried = [i for i in kept if i < loop.carried]
    body = exposed(b, loop.body.equations, what, moving)
    inner = {inside[i]: (inside[i], 0) for i in carried if inside[i] in what}
    inner.update(body.places)
    copies: list[Equation] = []
    rows: list[Var] = []
    places: dict[Var, tuple[Var, int]] = {}
    for var, (result, depth) in inner.items():
        copies.append(Equation(Var(b.fresh(var.again), result.type), "copy", (result,)))
        kind = Type(result.type.dtype, (loop.length, *result.type.shape))
        rows.append(Var(b.fresh(var.again), kind))
        places[var] = rows[-1], depth + 1
    outputs = (*(loop.body.outputs[i] for i in kept), *(copy.out for copy in copies))
    inputs = (counter, *(inside[i] for i in carried))
    graph = replace(loop.body, inputs=inputs, equations=(*body.equations, *copies), outputs=outputs)
    outs = [equation.outs[i] for i in kept] + rows
    if not outs:
        return None, {}
    outs += [] if loop.steps is None else [loop.steps]
    initial = [loop.initial[i] for i in carried]
    return loop_equation(outs, loop, loop.count, initial, graph, equation.origin), places


def _all(equations: Iterable[Equation]) -> Iterator[tuple[Equation, Loop | None]]:
    """Every equation, those in loops too."""
    for equation in equations:
        loop = Loop.of(equation) if equation.op == "loop" else None
        yield equation, loop
        if loop is not None:
            yield from _all(loop.body.equations)


def _spread(equations: Iterable[Equation], moving: set[Var]) -> None:
    for equation in equations:
        if equation.op == "loop":
            _spread_loop(Loop.of(equation), moving)
        elif any(var in moving for var in equation.inputs()):
            moving.update(equation.outs)


def _spread_loop(loop: Loop, moving: set[Var]) -> None:
    inside = loop.body.inputs[1 : 1 + loop.carried]
    moving.update(var for var, value in zip(inside, loop.initial, strict=True) if value in moving)
    known = -1
    while len(moving) > known:
        known = len(moving)
        _spread(loop.body.equations, moving)
        results = zip(inside, loop.body.outputs, strict=False)
        moving.update(var for var, result in results if result in moving)
    outside: Sequence[Var] = (*loop.finals, *loop.collected)
    ends = zip(outside, loop.body.outputs, strict=True)
    moving.update(var for var, result in ends if result in moving)
    moving.update(var for var, value in zip(loop.finals, inside, strict=True) if value in moving)
    if _ends_moving(loop, moving):
        moving.update(outside)
        moving.update(() if loop.steps is None else (loop.steps,))
        moving.update(inside)
        for equation, _ in _all(loop.body.equations):
            moving.update(equation.outs)


def _ends_moving(loop: Loop, moving: set[Var]) -> bool:
    """Whether the number of steps may change."""
    if loop.count is not None and loop.count in moving:
        return True
    if loop.condition is None:
        return False
    found = set(moving)
    _spread(loop.condition.equations, found)
    return loop.condition.outputs[0] in found
