"""One request of `gradc check`: is the gradient right, and if not, what is wrong?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from gradc.diagnostics import Diagnostic, Label, NumericError, UsageError
from gradc.ir.graph import DType
from gradc.ir.program import Program
from gradc.report.check import Check, check_json, check_text
from gradc.report.numbers import told_apart
from gradc.runtime.bind import Bound
from gradc.runtime.checks import SEED, Checked, check
from gradc.runtime.culprits import Culprit, culprits
from gradc.runtime.evaluate import evaluate_bound
from gradc.runtime.nonfinite import explain_nonfinite
from gradc.runtime.problems import quoted
from gradc.runtime.subject import Subject
from gradc.session import NUMERIC_FAILURE, bind_specs, seeded_for

WRONG_DERIVATIVE = 5

#: Relatively, how near a derivative is to the numerical one if it is right.
TOLERANCE = 1e-7


class Request(NamedTuple):
    """What the user asks for."""

    specs: Sequence[str] = ()
    wrt: Sequence[str] | None = None
    seed_output: str | None = None  # NAME or NAME=WEIGHTS
    elements: int | None = None
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class Result:
    """The verdicts, and remarks about them."""

    check: Check
    notes: tuple[Diagnostic, ...]
    exit_code: int

    def json(self) -> str:
        """The result as strict JSON."""
        return check_json(self.check)

    def text(self, width: int | None = None) -> str:
        """The result as a table."""
        return check_text(self.check, width)


def check_gradient(program: Program, request: Request, stdin: Callable[[], str]) -> Result:
    """Check the derivatives of a program at data that the request names.

    Raises InputError for data that do not fit, UsageError for a request that does not, and
    NumericError where the outputs are not finite, so that there is nothing to compare.
    """
    wrt = program.wrt(request.wrt)
    if not wrt:
        help = "derivatives are those in real inputs"
        raise UsageError([Diagnostic("G0738", "there is no derivative to check", help=help)])
    bound = bind_specs(program, request.specs, stdin)
    seeded, weights, weighted = _weighted(program, bound, request.seed_output)
    evaluation = evaluate_bound(seeded, bound, weights)
    fault = explain_nonfinite(seeded, evaluation, ())
    if fault is not None:
        raise NumericError([replace(fault, severity="error")])
    subject = Subject(seeded, bound, weights, wrt)
    checked = check(subject, request.tolerance, request.elements)
    notes = list(_faults(subject, checked, request.tolerance))
    fault = explain_nonfinite(seeded, evaluation, wrt)
    code = 0
    if fault is not None:
        notes.append(fault)
        code = NUMERIC_FAILURE
    if checked.wrong:
        code = WRONG_DERIVATIVE
    found = Check(
        checked.elements,
        checked.directions,
        checked.total,
        tuple(var.name for var in seeded.graph.outputs),
        weighted,
        request.tolerance,
        tuple(note.message for note in notes if note.severity == "error"),
    )
    return Result(found, tuple(notes), code)


def _weighted(
    program: Program, bound: Bound, seed_output: str | None
) -> tuple[Program, Mapping[str, object] | None, bool]:
    """What is differentiated: what was chosen or the scalar output, else all outputs weighted at
    random, so that what is wrong in one is not made up for by another."""
    if seed_output is not None or program.is_scalar_valued:
        seeded = seeded_for(program, bound, seed_output)
        return seeded.program, seeded.weights, False
    outputs = tuple(var for var in program.graph.outputs if var.type.dtype is DType.REAL)
    if not outputs:
        raise UsageError([program.needs_a_choice()])
    rng = np.random.default_rng(SEED)
    weights: dict[str, object] = {}
    for var in outputs:
        shape = tuple(dim.evaluate(bound.sizes) for dim in var.type.shape)
        random = rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
        weights[var.name] = random if shape else float(random)
    return replace(program, graph=replace(program.graph, outputs=outputs)), weights, True


def _faults(subject: Subject, checked: Checked, tolerance: float) -> Iterator[Diagnostic]:
    """What makes derivatives wrong, as far as that can be told."""
    if not checked.wrong:
        return
    worst = checked.wrong[0].judgement
    reverse, numerical = told_apart(worst.reverse, worst.numerical)
    numbers = f"{reverse}, by numbers {numerical}"
    shown = f"the derivative in {quoted(worst.name)} is {numbers}"
    if checked.wrong[0].asked.element is None:
        shown = f"the derivative along a random direction is {numbers}"
    if worst.remark:
        shown += f" ({worst.remark})"
    source = subject.program.source
    found = culprits(subject, checked.wrong, tolerance)
    for culprit in found:
        if culprit.authored:
            yield Diagnostic(
                "G0735",
                f"the derivative that the author of {quoted(culprit.name)} states is wrong",
                tuple(Label(span, "stated here") for span in culprit.spans),
                (_note(culprit, shown, worst.reverse),),
                "mend the formula behind `with`, or leave it out and have it derived",
                source=source,
            )
        else:
            yield Diagnostic(
                "G0736",
                f"the derivative of the statement of {quoted(culprit.name)} is wrong",
                tuple(Label(span, "here") for span in culprit.spans),
                (shown,),
                "nothing in it is stated by its author: please report it with the program",
                source=source,
            )
    if not found:
        yield Diagnostic("G0737", f"{shown}; no single statement explains it")


def _note(culprit: Culprit, shown: str, stated: float) -> str:
    if culprit.derived is None:
        return shown
    return f"{shown}; without what is stated it is {told_apart(stated, culprit.derived)[1]}"
