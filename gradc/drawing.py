"""One request of `gradc dot`: evaluate where there are data, and draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gradc.diagnostics import Diagnostic, UsageError
from gradc.frontend.spelling import nearest
from gradc.ir.evaluation import Evaluation
from gradc.ir.program import Program
from gradc.report.diagram import diagram, partials_shown
from gradc.report.diagram_model import Picture
from gradc.report.diagram_plan import plan
from gradc.report.partials import Edge, Partials
from gradc.report.view import DEFAULT, View
from gradc.runtime.bind import Bound, bind
from gradc.runtime.evaluate import call, with_output
from gradc.runtime.load import load_functions
from gradc.session import Request, bind_specs, evaluate_for
from gradc.targets.python.emit import emit


def draw(
    program: Program,
    specs: Sequence[str],
    seed_output: str | None,
    stdin: Callable[[], str],
    view: View = DEFAULT,
) -> Picture:
    """The picture of a program; with numbers where any inputs are given.

    Raises InputError for data that do not fit, UsageError for a request that does not.
    """
    _check(program, view)
    if not specs:
        seeded = with_output(program, seed_output.strip()) if seed_output else program
        return diagram(seeded, plan(seeded, view))
    bound = bind_specs(program, specs, stdin)
    seeded, evaluation, _ = evaluate_for(program, bound, Request(seed_output=seed_output))
    return picture(seeded, bound, evaluation, view)


def draw_values(program: Program, inputs: Mapping[str, object], view: View = DEFAULT) -> Picture:
    """The picture of a program, with numbers where any inputs are given."""
    _check(program, view)
    if not inputs:
        return diagram(program, plan(program, view))
    bound = bind(program.inputs, inputs, program.requirements, program.source)
    seeded, evaluation, _ = evaluate_for(program, bound, Request())
    return picture(seeded, bound, evaluation, view)


def picture(
    program: Program, bound: Bound, evaluation: Evaluation, view: View = DEFAULT
) -> Picture:
    """The picture of an evaluation, with the numbers of the scalar local partials."""
    boxes = plan(program, view)
    partials = partials_shown(program, boxes)
    return diagram(program, boxes, evaluation, partials, _numbers(partials, bound))


def _check(program: Program, view: View) -> None:
    """Raise UsageError for a view that no picture of the program can have."""
    if view.within is not None and view.focus is None:
        raise UsageError(
            [
                Diagnostic(
                    "G0742",
                    "--within says how far from a focus, and there is none",
                    help="name the quantity: --focus NAME --within K",
                )
            ]
        )
    names = [var.name for var in program.graph.named()]
    if view.focus is None or view.focus in names:
        return
    near = nearest(view.focus, names)
    raise UsageError(
        [
            Diagnostic(
                "G0741",
                f"the program has no quantity `{view.focus}`",
                help=f"did you mean `{near}`?" if near else "`gradc run` lists all quantities",
            )
        ]
    )


def _numbers(partials: Partials, bound: Bound) -> dict[Edge, float]:
    """Evaluate the local partials, by emitted code as everything else."""
    program = partials.scalars
    if not program.graph.outputs:
        return {}
    forward = load_functions(emit(program, (), "reverse").text, "partials")["forward"]
    values, _ = call(forward, list(bound.arrays.values()))
    several = values if len(program.graph.outputs) > 1 else (values,)
    return partials.by_edge(map(float, several))
