"""One request of `gradc page`: evaluate, emit, draw, and put all of it into one file."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gradc.diagnostics import Diagnostic, InputError, Source, UsageError
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.diagram import diagram
from gradc.report.diagram_dot import dot
from gradc.report.diagram_plan import plan
from gradc.report.page.data import Numbers, Returned, page_data
from gradc.report.page.document import document, program_script
from gradc.report.page.picture import Known, Live, live_picture, markup
from gradc.report.page.steps import sweeps
from gradc.report.partials import Edge, Partials, local_partials
from gradc.report.picture import INSTALL, render
from gradc.report.view import WHOLE, View
from gradc.runtime.bind import Bound, bind
from gradc.runtime.directions import directions
from gradc.runtime.nonfinite import explain_nonfinite
from gradc.runtime.samples import samples
from gradc.session import NUMERIC_FAILURE, Request, Seeded, bind_specs, evaluate_for, seeded_for
from gradc.targets.js.emit import emit_trace, emit_values

#: More than this, a page neither shows nor computes at once.
MOST_QUANTITIES = 20_000
MOST_ELEMENTS = 200_000

#: A program of more inputs and statements is drawn in groups.
MOST_BOXES = 80


class Page(NamedTuple):
    """The file, and what there is to say about it."""

    content: bytes
    notes: tuple[Diagnostic, ...]
    exit_code: int


def page(
    program: Program,
    specs: Sequence[str],
    seed_output: str | None,
    stdin: Callable[[], str],
) -> Page:
    """The page of a program, with the inputs that are named or with examples of inputs.

    Raises InputError for data that do not fit, UsageError for a request that does not, and for a
    program that is too large for a page.
    """
    _check_length(program)
    start = _given(program, bind_specs(program, specs, stdin), seed_output) if specs else None
    sampled = start is None
    start = start or _sampled(program, seed_output)
    _check_elements(start)
    content, notes = _content(start, sampled)
    chosen, evaluation = start.seeded.program, start.evaluation
    if start.seeded.output is None:
        notes.append(replace(program.needs_a_choice(), severity="warning"))
    fault = explain_nonfinite(chosen, evaluation, chosen.wrt())
    if fault:
        notes.append(fault)
    return Page(content, tuple(notes), NUMERIC_FAILURE if fault and not sampled else 0)


class _Start(NamedTuple):
    """What the page shows first."""

    seeded: Seeded
    bound: Bound
    evaluation: Evaluation


def _check_length(program: Program) -> None:
    count = sum(1 for _ in program.graph.named())
    if count > MOST_QUANTITIES:
        raise _too_large(f"{count} quantities", MOST_QUANTITIES)


def _check_elements(start: _Start) -> None:
    count = sum(math.prod(getattr(value, "shape", ())) for value in start.bound.arrays.values())
    if count > MOST_ELEMENTS:
        raise _too_large(f"{count} elements in its inputs", MOST_ELEMENTS)


def _too_large(what: str, most: int) -> UsageError:
    message = f"this is too large for a page, which would have {what}; the most is {most}"
    help = "gradc run prints all numbers; gradc explain --path says how one of them comes about"
    return UsageError([Diagnostic("G0752", message, help=help)])


def _given(program: Program, bound: Bound, seed_output: str | None) -> _Start:
    chosen = seeded_for(program, bound, seed_output)
    _, evaluation, _ = evaluate_for(program, bound, Request(seed_output=seed_output))
    return _Start(chosen, bound, evaluation)


def _sampled(program: Program, seed_output: str | None) -> _Start:
    """The program with examples of inputs."""
    values = samples(program, {}).values
    bound = bind(program.inputs, values, program.requirements, program.source)
    try:
        return _given(program, bound, seed_output)
    except InputError as error:
        message = "no example inputs were found at which this program can be computed"
        help = "give them: --inputs NAME=VALUE ..."
        notes = tuple(diagnostic.message for diagnostic in error.diagnostics)
        raise UsageError([Diagnostic("G0751", message, notes=notes, help=help)]) from None


def _named_for_readers(program: Program) -> Program:
    """The program without the folder that its file is in, which concerns no reader of a page."""
    source = program.source
    name = os.path.basename(source.name)
    if name == source.name:
        return program
    known = Source(name, source.text)
    return replace(program, source=known, graph=replace(program.graph, source=known))


def _content(start: _Start, sampled: bool) -> tuple[bytes, list[Diagnostic]]:
    program = _named_for_readers(start.seeded.program)
    partials = local_partials(program)
    trace = emit_trace(program)
    returned = Returned(
        {var.name: i for i, var in enumerate(trace.values)},
        {var.name: i for i, var in enumerate(trace.adjoints)},
    )
    numbers = _numbers(start, sampled)
    lost = numbers.lost if numbers.output is not None else None
    named = tuple(program.graph.named())
    data = page_data(program, partials, sweeps(partials, named, lost), numbers, returned)
    drawn, svg, notes = _drawn(start, program, partials)
    data["picture"] = drawn
    script = program_script(trace.text, emit_values(partials.scalars))
    text = document(data["file"], data, script, svg)
    return text.encode("utf-8"), notes


def _drawn(
    start: _Start, program: Program, partials: Partials
) -> tuple[dict[str, Any] | None, str, list[Diagnostic]]:
    """What the page knows of its diagram, the drawing, and why there is none."""
    live = _picture(start, program, partials)
    try:
        return live.description, markup(render(dot(live.picture, legend=False), "svg")), []
    except UsageError as error:
        (reason,) = error.diagnostics
        message = f"the page has no diagram: {reason.message}"
        note = Diagnostic("G0753", message, severity="warning", help=INSTALL)
        return None, "", [note]


def _numbers(start: _Start, sampled: bool) -> Numbers:
    chosen, bound = start.seeded, start.bound
    outputs = chosen.program.graph.outputs
    seeds = [1.0] if chosen.weights is None else directions(outputs, bound.sizes, chosen.weights)
    limits = [
        None if spec.below is None else spec.below.evaluate(bound.sizes)
        for spec in chosen.program.inputs
    ]
    lost = start.evaluation.structural_zeros
    inputs = list(bound.arrays.values())
    return Numbers(inputs, limits, seeds, chosen.output, lost, sampled)


def _picture(start: _Start, program: Program, partials: Partials) -> Live:
    """The diagram, with room for the numbers of every quantity and every scalar partial."""
    computed = {var: i for i, var in enumerate(partials.scalars.graph.outputs)}
    places: dict[Edge, int] = {
        (edge.result.name, edge.operand.name): computed[edge.value]
        for edge in partials.edges
        if isinstance(edge.value, Var)
    }
    count = len(program.inputs) + len(partials.statements)
    boxes = plan(program, WHOLE if count <= MOST_BOXES else View(depth=0))
    numbers = dict.fromkeys(places, math.nan)
    shown = diagram(program, boxes, start.evaluation, partials, numbers)
    known = Known(
        {var.name: i for i, var in enumerate(program.graph.named())},
        {name: getattr(value, "shape", ()) for name, value in start.evaluation.values.items()},
        {name: var.name for var, name in partials.adjoint_names.items()},
        places,
    )
    return live_picture(shown, known)
