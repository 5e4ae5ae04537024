"""One request of `gradc dot`: evaluate where there are data, and draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradc.ir.evaluation import Evaluation
from gradc.ir.program import Program
from gradc.report.diagram import diagram
from gradc.report.diagram_model import Picture
from gradc.report.partials import Edge, Partials, local_partials
from gradc.runtime.bind import Bound, bind
from gradc.runtime.evaluate import call
from gradc.runtime.load import load_functions
from gradc.session import Request, bind_specs, evaluate_for
from gradc.targets.python.emit import emit


def draw(
    program: Program,
    specs: Sequence[str],
    seed_output: str | None,
    stdin: Callable[[], str],
) -> Picture:
    """The picture of a program; with numbers where any inputs are given.

    Raises InputError for data that do not fit, UsageError for a request that does not.
    """
    if not specs:
        return diagram(program)
    bound = bind_specs(program, specs, stdin)
    seeded, evaluation, _ = evaluate_for(program, bound, Request(seed_output=seed_output))
    return picture(seeded, bound, evaluation)


def draw_values(program: Program, inputs: Mapping[str, object]) -> Picture:
    """The picture of a program, with numbers where any inputs are given."""
    if not inputs:
        return diagram(program)
    bound = bind(program.inputs, inputs, program.requirements, program.source)
    seeded, evaluation, _ = evaluate_for(program, bound, Request())
    return picture(seeded, bound, evaluation)


def picture(program: Program, bound: Bound, evaluation: Evaluation) -> Picture:
    """The picture of an evaluation, with the numbers of the scalar local partials."""
    partials = local_partials(program)
    return diagram(program, evaluation, partials, _numbers(partials, bound))


def _numbers(partials: Partials, bound: Bound) -> dict[Edge, float]:
    """Evaluate the local partials, by emitted code as everything else."""
    program = partials.scalars
    if not program.graph.outputs:
        return {}
    forward = load_functions(emit(program, (), "reverse").text, "partials")["forward"]
    values, _ = call(forward, list(bound.arrays.values()))
    several = values if len(program.graph.outputs) > 1 else (values,)
    return partials.by_edge(map(float, several))
