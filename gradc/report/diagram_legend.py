"""What stands below a diagram: how to read it, and nothing that it does not show.

Deliberately absent: arrows, which each printer explains as it draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradc.ad.names import adjoint_name
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.diagram_model import Picture
from gradc.report.diagram_plan import Plan
from gradc.report.dot_text import wrapped

_WIDTH = 96


def legend(
    program: Program,
    plan: Plan,
    evaluation: Evaluation | None,
    adjoint_names: Mapping[Var, str],
    picture: Picture,
) -> Iterator[str]:
    """The lines of the legend of a picture."""
    yield from _without_numbers(program, evaluation)
    outlines = "  ".join(_outlines(picture))
    if outlines:
        yield from wrapped(outlines, _WIDTH, 4)
    yield from _opened(plan, picture)
    yield from _left_out(plan, picture)
    renamed = [
        f"{name} is the derivative of {var.name}"
        for var, name in adjoint_names.items()
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


def _outlines(picture: Picture) -> Iterator[str]:
    """What the outlines mean that occur."""
    kinds, zeros = {node.kind for node in picture.nodes}, {node.zero for node in picture.nodes}
    if "input" in kinds:
        yield "Rounded: given."
    if "output" in kinds:
        yield "Bold: output."
    if "no path" in zeros:
        yield "Grey and dashed: no path to the output, so dX is 0 whatever the numbers are."
    if "number" in zeros:
        yield "Blue and dotted: dX is 0 at these numbers."


def _opened(plan: Plan, picture: Picture) -> Iterator[str]:
    """What stands in the frames of loops and functions, and how to see less or more of it."""
    loops = any(node.kind == "carried" for node in picture.nodes)
    functions = any(frame.heading[0].startswith("def ") for frame in picture.frames)
    closed = {equation.op for statement in plan.shown for equation in statement.equations} & {
        "loop",
        "call",
    }
    if loops:
        yield "Frame of a loop: the equations of one step; numbers are those after the last step."
        yield "Dashed arrows lead to the next step."
    if functions:
        yield "Frame of a function (def): drawn once, for all its calls."
    if plan.depth and (loops or functions):
        yield f"--depth 0 draws loops and functions as boxes, --depth {plan.depth + 1} opens more."
    elif closed:
        yield "--depth 1 opens loops and functions."


def _left_out(plan: Plan, picture: Picture) -> Iterator[str]:
    """What stands for many quantities, and how to see them."""
    contents = {box.content for box in plan.boxes}
    if "repeated" in contents:
        count = max(block.times for block in plan.blocks)
        yield f"× {count}: so many alike; shown are the first, the last and what all range over."
        if any(arrow.carried for arrow in picture.arrows):
            yield "Dashed arrows lead from one to the next. --no-fold draws each of them."
    if "group" in contents:
        yield (
            "Equations that stand together are one box. --focus NAME shows one quantity and what "
            "is around it, --limit N more boxes."
        )
    if plan.focus is not None:
        focus = plan.units[plan.focus].results[0].name
        yield f"Drawn is what {focus} (thick outline) depends on, and what depends on it."
    if contents & {"before", "behind"}:
        yield "… more: further away. --within K goes K arrows far, --limit N draws more boxes."
