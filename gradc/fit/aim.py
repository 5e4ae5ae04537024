"""What is minimised: the program with one real output, and what is made of that.

Of a scalar, that scalar; of an array, the sum of squares of its elements, or their sum or mean.
Where each row of a table is one observation, the program is repeated over the rows, and its
output has one more axis; whether that is a residual or a loss only the author knows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, UsageError
from gradc.fit.settings import LOSSES
from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Equation, Size, Var
from gradc.ir.program import Program
from gradc.runtime.evaluate import with_output
from gradc.runtime.observations import repeated


class Aim(NamedTuple):
    """A program whose output is minimised, or whose squares are, and what that is in words."""

    program: Program
    what: str


def aim(
    program: Program,
    name: str | None,
    loss: str | None,
    observed: Collection[str],
    scalar: bool = False,
) -> Aim:
    """What a request minimises.

    `observed` names the inputs that have a value of their own in each row; with `scalar`, squares
    are summed by the program, too.  Raises UsageError where nothing says what is meant.
    """
    chosen = _with_one_output(program, name)
    label = chosen.graph.outputs[0].name
    if observed:
        if loss is None:
            raise UsageError([_rows_need_a_loss(label)])
        chosen, _ = repeated(chosen, observed, ())
    (output,) = chosen.graph.outputs
    if not output.type.shape:
        if loss is not None:
            raise UsageError([_needs_none(label)])
        return Aim(chosen, label)
    if loss in (None, "squares"):
        whole = _reduced(_squared(chosen, output)) if scalar else chosen
        return Aim(whole, f"sum of squares of {label}")
    return Aim(_reduced(chosen, loss == "mean"), f"{loss} of {label}")


def _with_one_output(program: Program, name: str | None) -> Program:
    if name is not None:
        return with_output(program, name)
    outputs = program.graph.outputs
    if len(outputs) == 1 and outputs[0].type.dtype is DType.REAL:
        return program
    described = ", ".join(f"{var.name}: {var.type}" for var in outputs)
    raise UsageError(
        [
            Diagnostic(
                "G0776",
                f"a fit needs one real output; this program has {described}",
                help="choose a quantity with --objective NAME",
            )
        ]
    )


def _squared(program: Program, output: Var) -> Program:
    """The program with the squares of its output as the output."""
    graph = program.graph
    squares = Var(f"{output.name}%squares", output.type)
    equations = (*graph.equations, Equation(squares, "mul", (output, output)))
    return replace(program, graph=replace(graph, equations=equations, outputs=(squares,)))


def _reduced(program: Program, mean: bool = False) -> Program:
    """The program with the sum or the mean of its output as the output."""
    graph = program.graph
    (output,) = graph.outputs
    shape = output.type.shape
    axes = (("axes", tuple(range(len(shape)))),)
    total = Var(f"{output.name}%sum")
    equations = [*graph.equations, Equation(total, "sum", (output,), axes)]
    if mean:
        count = Dim.of(1)
        for size in shape:
            count = count * size
        mean_of = Var(f"{output.name}%mean")
        equations.append(Equation(mean_of, "div", (total, Size(count))))
        total = mean_of
    return replace(program, graph=replace(graph, equations=tuple(equations), outputs=(total,)))


def _rows_need_a_loss(label: str) -> Diagnostic:
    return Diagnostic(
        "G0782",
        f"each row of the table is one observation, and has a `{label}` of its own",
        help=f"say what is to be least: --loss {', '.join(LOSSES[:-1])} or {LOSSES[-1]}",
    )


def _needs_none(label: str) -> Diagnostic:
    return Diagnostic(
        "G0779",
        f"{label} is one number, and is minimised itself",
        help="--loss is for the elements of an array, or the rows of a table",
    )
