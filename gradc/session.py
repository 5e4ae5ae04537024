"""One request of `gradc run`: read data, evaluate, and say what there is to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gradc.diagnostics import Diagnostic, InputError, UsageError
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.run import jacobian_table, run_json, run_table
from gradc.runtime.bind import Bound, bind
from gradc.runtime.directions import filled
from gradc.runtime.evaluate import (
    evaluate_bound,
    is_scalar_valued,
    needs_a_choice,
    with_output,
)
from gradc.runtime.inputs import read_inputs, read_what_can_be
from gradc.runtime.nonfinite import explain_nonfinite

if TYPE_CHECKING:
    from gradc.runtime.jacobian import Jacobian

NUMERIC_FAILURE = 4


class Request(NamedTuple):
    """What the user asks for."""

    specs: Sequence[str] = ()
    wrt: Sequence[str] | None = None
    seed_output: str | None = None  # NAME or NAME=WEIGHTS
    jacobian: bool = False


@dataclass(frozen=True)
class Result:
    """The numbers, what they are of, and remarks about them."""

    program: Program
    evaluation: Evaluation
    wrt: tuple[Var, ...]
    output: str | None  # what the derivatives are of; None where there are none
    jacobian: Jacobian | None
    notes: tuple[Diagnostic, ...]
    exit_code: int

    def json(self) -> str:
        """The result as strict JSON."""
        blocks = self.jacobian.blocks if self.jacobian else None
        return run_json(self.program, self.evaluation, self.wrt, blocks)

    def text(self, width: int | None = None) -> str:
        """The result as tables."""
        parts = [run_table(self.program, self.evaluation, self.output, width)]
        if self.jacobian:
            calls = self.jacobian.calls
            how = f"{self.jacobian.mode} mode, {calls} {'sweep' if calls == 1 else 'sweeps'}"
            parts.append(f"Jacobian ({how})")
            parts.append(jacobian_table(self.program, self.jacobian.blocks, width))
        return "\n\n".join(parts)


def run(program: Program, request: Request, stdin: Callable[[], str]) -> Result:
    """Evaluate a program on the data that a request names.

    Raises InputError for data that do not fit, UsageError for a request that does not.
    """
    if request.jacobian and request.seed_output:
        raise UsageError(
            [
                Diagnostic(
                    "G0704",
                    "--jacobian and --seed-output exclude each other",
                    help="--seed-output gives the derivative of one scalar",
                )
            ]
        )
    wrt = program.wrt(request.wrt)
    bound = bind_specs(program, request.specs, stdin)
    seeded, evaluation, output = evaluate_for(program, bound, request)
    found = None
    if request.jacobian:
        from gradc.runtime.jacobian import jacobian_of_bound

        found = jacobian_of_bound(program, bound, wrt)
    notes: list[Diagnostic] = []
    if output is None and not request.jacobian:
        notes.append(replace(needs_a_choice(program.graph.outputs), severity="warning"))
    fault = explain_nonfinite(seeded, evaluation, wrt)
    if fault:
        notes.append(fault)
    return Result(
        seeded, evaluation, wrt, output, found, tuple(notes), NUMERIC_FAILURE if fault else 0
    )


def bind_specs(program: Program, specs: Sequence[str], stdin: Callable[[], str]) -> Bound:
    """The data that the arguments of a command name, bound to the inputs of a program.

    Raises InputError with the problems of reading and of binding together.
    """
    reading = read_what_can_be(specs, stdin)
    found = list(reading.problems)
    try:
        bound = bind(
            program.inputs,
            reading.values,
            program.requirements,
            program.source,
            reading.unread,
        )
    except InputError as error:
        raise InputError([*found, *error.diagnostics]) from None
    if found:
        raise InputError(found)
    return bound


def _seeded(program: Program, seed: str | None) -> tuple[Program, Mapping[str, object] | None]:
    """The program with the output that is differentiated, and its weights if any are given."""
    if seed is None:
        return program, None
    if "=" not in seed:
        return with_output(program, seed.strip()), None
    weights = read_inputs([seed], lambda: "")
    if len(weights) != 1:
        raise UsageError([Diagnostic("G0704", "--seed-output takes one NAME or one NAME=WEIGHTS")])
    return with_output(program, next(iter(weights))), weights


def evaluate_for(
    program: Program, bound: Bound, request: Request
) -> tuple[Program, Evaluation, str | None]:
    """The program with the output that is differentiated, its numbers, and that output's name.

    Where nothing says which output is meant, there are no adjoints, and no name.
    """
    seeded, weights = _seeded(program, request.seed_output)
    outputs = seeded.graph.outputs
    if weights is not None or is_scalar_valued(seeded):
        return seeded, evaluate_bound(seeded, bound, weights), outputs[0].name
    ones = {
        var.name: filled(1.0, tuple(dim.evaluate(bound.sizes) for dim in var.type.shape))
        for var in outputs
    }
    evaluation = evaluate_bound(seeded, bound, ones)
    if request.seed_output:
        return seeded, evaluation, outputs[0].name
    return seeded, evaluation._replace(adjoints={}, structural_zeros=frozenset()), None
