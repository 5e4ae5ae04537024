"""One request of `gradc nudge`: move inputs a little, and compare with the linear prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, Label, UsageError
from gradc.ir.changes import Sweep
from gradc.ir.program import Program
from gradc.report.nudge import Node, Nudged, nudge_json, nudge_text
from gradc.runtime.moving import Array, Mover, Step, sized
from gradc.runtime.nonfinite import explain_nonfinite
from gradc.runtime.nudges import read_nudges
from gradc.runtime.problems import quoted
from gradc.runtime.sweeping import is_linear, settles, sweep
from gradc.session import NUMERIC_FAILURE, bind_specs, seeded_for

# Equations of which the second derivative is written, to see whether it is zero.
LINEARITY_LIMIT = 20_000

NOTABLE = 1e-4  # an error, relatively, of which it is asked whether it is of higher order
SMALL = 2.0**-10  # times the nudge, at which an error that is not of higher order shows


class Request(NamedTuple):
    """What the user asks for."""

    specs: Sequence[str] = ()
    by: Sequence[str] = ()
    sweep: bool = False
    seed_output: str | None = None  # NAME or NAME=WEIGHTS


@dataclass(frozen=True)
class Result:
    """What moved by how much, and remarks about it."""

    nudged: Nudged
    sweep: Sweep | None
    notes: tuple[Diagnostic, ...]
    exit_code: int

    def json(self) -> str:
        """The result as strict JSON."""
        return nudge_json(self.nudged, self.sweep)

    def text(self, width: int | None = None, unicode: bool = True) -> str:
        """The result as tables, with a plot of the sweep."""
        return nudge_text(self.nudged, self.sweep, width, unicode)


def nudge(program: Program, request: Request, stdin: Callable[[], str]) -> Result:
    """Move inputs and say what every quantity does.

    Raises InputError for data that do not fit, UsageError for a request that does not.
    """
    if not request.by:
        help = "say which input moves by how much, as in --by b=0.001"
        raise UsageError([Diagnostic("G0733", "nothing is nudged", help=help)])
    bound = bind_specs(program, request.specs, stdin)
    seeded = seeded_for(program, bound, request.seed_output)
    direction = read_nudges(program, bound, request.by, stdin)
    mover = Mover(seeded.program, bound, seeded.weights, direction, seeded.output is not None)
    step = mover.step(1.0)
    moving = [var for var in program.graph.inputs if var.name in direction]
    swept = None
    if request.sweep and any(moved.any() for moved in step.steps.values()):
        small = len(seeded.program.graph.equations) <= LINEARITY_LIMIT
        swept = sweep(mover, small and is_linear(seeded.program, moving))
    nudged = Nudged(
        seeded.program,
        seeded.output,
        "=" in (request.seed_output or ""),
        tuple(_nodes(seeded.program, mover, step)),
        mover.start.adjoints,
        step.steps,
        sized(1.0, mover.total(step)),
    )
    notes = [*_lost(direction, step), *_unsettled(seeded.program, step, mover)]
    if seeded.output is None:
        notes.append(replace(program.needs_a_choice(), severity="warning"))
    fault = explain_nonfinite(seeded.program, mover.start, moving)
    fault = fault or explain_nonfinite(seeded.program, step.evaluation, ())
    if fault:
        notes.append(fault)
    return Result(nudged, swept, tuple(notes), NUMERIC_FAILURE if fault else 0)


def _nodes(program: Program, mover: Mover, step: Step) -> Iterator[Node]:
    """Every named quantity, in order of definition."""
    for var in program.graph.named():
        change = step.changes.get(var.name)
        yield Node(
            var,
            mover.start.values[var.name],
            step.evaluation.values[var.name],
            None if change is None else sized(1.0, change),
        )


def _lost(direction: Mapping[str, Array], step: Step) -> Iterator[Diagnostic]:
    """The inputs that are so large beside their nudge that it changes nothing."""
    lost = [name for name, by in direction.items() if by.any() and not step.steps[name].any()]
    if lost:
        yield Diagnostic(
            "G0733",
            f"the nudge of {', '.join(map(quoted, lost))} is lost in rounding: the sum is what it "
            "was before",
            help="nudge by at least 1e-15 of the value",
            severity="warning",
        )


def _unsettled(program: Program, step: Step, mover: Mover) -> Iterator[Diagnostic]:
    """The first quantity whose change is not linear however small the nudge is."""
    if not any(sized(1.0, change).relative_error > NOTABLE for change in step.changes.values()):
        return
    small = mover.step(SMALL)
    for equation in program.graph.equations:
        for out in equation.outs:
            now, then = step.changes.get(out.name), small.changes.get(out.name)
            if now is None or then is None or settles(now, then, SMALL):
                continue
            labels = () if equation.origin is None else (Label(equation.origin.span, "here"),)
            yield Diagnostic(
                "G0734",
                f"the change of {quoted(out.name)} is not linear however small the nudge is",
                labels,
                ("the prediction misses as large a part of it at a thousandth of the nudge",),
                help="at a kink or a jump the derivative is a convention, and predicts nothing",
                severity="warning",
                source=program.source,
            )
            return
