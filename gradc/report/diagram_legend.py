"""What stands below a diagram: how to read it, and nothing that it does not show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradc.ad.names import adjoint_name
from gradc.ir.evaluation import Evaluation
from gradc.ir.program import Program
from gradc.report.diagram_model import Arrow, Node
from gradc.report.dot_text import wrapped
from gradc.report.partials import Partials

_WIDTH = 96


def legend(
    program: Program,
    evaluation: Evaluation | None,
    partials: Partials,
    nodes: Iterable[Node],
    arrows: Iterable[Arrow],
) -> Iterator[str]:
    """The lines of the legend."""
    arrows = tuple(arrows)
    outputs = ", ".join(var.name for var in program.graph.outputs)
    yield "Black arrows: values, left to right."
    if any(arrow.backward for arrow in arrows):
        yield from wrapped(
            f"Red arrows: derivatives, right to left. dX is the derivative of {outputs} with "
            "respect to X;",
            _WIDTH,
            2,
        )
        yield "on each arrow stands the local partial that dVar is multiplied by, or the product."
    yield from _without_numbers(program, evaluation)
    yield from _outlines(nodes)
    renamed = [
        f"{name} is the derivative of {var.name}"
        for var, name in partials.adjoint_names.items()
        if name != adjoint_name(var)
    ]
    if renamed:
        yield from wrapped("; ".join(renamed), _WIDTH, 2)


def _without_numbers(program: Program, evaluation: Evaluation | None) -> Iterator[str]:
    """Why there are values and no derivatives."""
    if evaluation is None or evaluation.adjoints:
        return
    if len(program.graph.outputs) > 1:
        yield "dX has no number: there are several outputs. --seed-output NAME chooses one."
    elif program.graph.outputs[0].type.shape:
        yield "dX has no number: the output is an array. --seed-output NAME takes its sum."


def _outlines(nodes: Iterable[Node]) -> Iterator[str]:
    """What the outlines mean that occur."""
    nodes = tuple(nodes)
    kinds, zeros = {node.kind for node in nodes}, {node.zero for node in nodes}
    said = []
    if "input" in kinds:
        said.append("Rounded: given.")
    if "output" in kinds:
        said.append("Bold: output.")
    if "no path" in zeros:
        said.append("Grey and dashed: no path to the output, so dX is 0 whatever the numbers are.")
    if "number" in zeros:
        said.append("Blue and dotted: dX is 0 at these numbers.")
    yield from wrapped("  ".join(said), _WIDTH, 4)
