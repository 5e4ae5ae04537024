"""Which part of a program makes its derivative wrong.

A derivative that an author states is tried by leaving it out: if what follows from the equations
agrees with the numbers, the statement of the author does not.  That finds it wherever the function
is called, within loops and other functions too.  Else each statement is checked by itself, at
the values that its operands have.

Deliberately absent: a search within the body of a loop or a function for a fault of gradc itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gradc.ad.unauthored import Left, authored, without_authored
from gradc.diagnostics import Span
from gradc.ir.graph import DType, Equation, Graph, Var
from gradc.ir.interface import InputSpec
from gradc.passes.dead import needed
from gradc.pipeline import prepared
from gradc.runtime.bind import Bound
from gradc.runtime.checks import SEED, WrongOne
from gradc.runtime.evaluate import Tracer
from gradc.runtime.judging import Asked, Judge, component
from gradc.runtime.subject import Subject

#: Statements that are checked one by one, from the first.
MOST_STATEMENTS = 2000


class Culprit(NamedTuple):
    """What is wrong: a derivative that an author states, with its places, or a statement."""

    authored: bool
    name: str  # of the function or of the quantity that a statement defines
    spans: tuple[Span, ...]
    derived: float | None = None  # what the derivative in question is without what is stated


def culprits(subject: Subject, wrong: Sequence[WrongOne], tolerance: float) -> list[Culprit]:
    """The derivatives of authors that are wrong, else the first statement that is; empty where
    neither can be told."""
    found = list(_authors(subject, wrong, tolerance))
    if found:
        return found
    statement = _statement(subject, tolerance)
    return [] if statement is None else [statement]


# What authors state


def _authors(subject: Subject, wrong: Sequence[WrongOne], tolerance: float) -> Iterator[Culprit]:
    stated = authored(subject.program.graph)
    if not stated:
        return
    derived = _reverse(subject, dict.fromkeys(stated), wrong)
    if not _all_agree(wrong, derived, tolerance):
        return
    for name, partials in stated.items():
        others: Left = {other: None for other in stated if other != name}
        if others and _all_agree(wrong, _reverse(subject, others, wrong), tolerance):
            continue
        at_fault = [
            i
            for i in range(len(partials[0].outputs))
            if _all_agree(wrong, _reverse(subject, {**others, name: i}, wrong), tolerance)
        ]
        spans = dict.fromkeys(_spans(partials, at_fault[:1]))
        yield Culprit(True, name, tuple(spans), derived[0])


def _reverse(subject: Subject, left: Left, wrong: Sequence[WrongOne]) -> list[float]:
    """The derivatives in question where some of those that authors state are derived instead."""
    program = subject.program
    changed = replace(program, graph=without_authored(program.graph, left))
    gradient = subject.of(changed).gradient()
    return [component(gradient, one.asked.direction) for one in wrong]


def _all_agree(wrong: Sequence[WrongOne], values: Sequence[float], tolerance: float) -> bool:
    return all(one.agrees(value, tolerance) for one, value in zip(wrong, values, strict=True))


def _spans(partials: Sequence[Graph], which: Sequence[int]) -> Iterator[Span]:
    """The places of the formulas with some numbers; of all where none are given."""
    for graph in partials:
        definitions = {out: equation for equation in graph.equations for out in equation.outs}
        for i, out in enumerate(graph.outputs):
            equation = definitions.get(out)
            if (not which or i in which) and equation is not None and equation.origin is not None:
                yield equation.origin.span


# Statements


def _statement(subject: Subject, tolerance: float) -> Culprit | None:
    program = prepared(subject.program)
    tracer = Tracer(program, every=True)
    values = tracer.values(subject.inputs.values(), subject.weights)
    rng = np.random.default_rng(SEED)
    live = needed(program.graph.equations, program.graph.outputs)
    equations = [eq for eq in program.graph.equations if not live.isdisjoint(eq.outs)]
    for equation in equations[:MOST_STATEMENTS]:
        local = _local(subject, equation, values, rng)
        if local is None or not np.isfinite(local.weighted(local.inputs)).all():
            continue
        gradient = local.gradient()
        direction = {
            name: np.where(local.start(name) == 0, 1.0, local.start(name))
            * rng.uniform(0.5, 1.0, local.start(name).shape)
            for name in local.wrt
        }
        reverse = component(gradient, direction)
        judgement = Judge(local, tolerance, abs(reverse)).judge(Asked("", reverse, direction, 1.0))
        if judgement.verdict == "wrong":
            return _of_statement(equation)
    return None


def _of_statement(equation: Equation) -> Culprit:
    """A statement that is wrong by itself; what authors state for functions in it comes first."""
    stated = authored(Graph("", (), (equation,), ()))
    if stated:
        spans = [span for partials in stated.values() for span in _spans(partials, ())]
        return Culprit(True, " or ".join(stated), tuple(dict.fromkeys(spans)))
    spans = [] if equation.origin is None else [equation.origin.span]
    return Culprit(False, equation.out.name.split("%")[0], tuple(spans))


def _local(
    subject: Subject,
    equation: Equation,
    values: Mapping[Var, Any],
    rng: np.random.Generator,
) -> Subject | None:
    """One equation as a program of its own, beside the inputs that tell the sizes."""
    program = subject.program
    real = [out for out in equation.outs if out.type.dtype is DType.REAL]
    operands = tuple(dict.fromkeys(equation.inputs()))
    known = all(var in values for var in (*operands, *equation.outs))
    if not real or not known or any(var.type.dtype is DType.BOOL for var in operands):
        return None
    moving = [var for var in operands if var.type.dtype is DType.REAL]
    if not moving:
        return None
    others = [var for var in operands if var not in program.graph.inputs]
    inputs = (*program.graph.inputs, *others)
    specs = (*program.inputs, *(InputSpec(var.name, var.type) for var in others))
    graph = Graph(program.graph.name, inputs, (equation,), tuple(real), program.graph.source)
    local = replace(program, graph=graph, inputs=specs, requirements=(), constants=frozenset())
    arrays = {**subject.bound.arrays, **{var.name: values[var] for var in others}}
    weights = {out.name: rng.uniform(0.5, 1.5, np.shape(values[out])) for out in real}
    bound = Bound(subject.bound.sizes, arrays)
    return Subject(local, bound, weights, moving)
