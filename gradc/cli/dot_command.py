"""`gradc dot`."""

from __future__ import annotations

import os

import click

from gradc.cli.boundary import reported
from gradc.cli.options import (
    format_option,
    input_specs,
    inputs_options,
    program_argument,
    read_program,
    standard_input,
)
from gradc.cli.output import write_result
from gradc.diagnostics import Diagnostic, UsageError
from gradc.report.diagram_plan import View

PICTURES = (".svg", ".png", ".pdf")


@click.command("dot")
@program_argument
@inputs_options
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="The file to write: .dot or .gv text, .svg, .png or .pdf. Default: DOT text to "
    "standard output.",
)
@click.option(
    "--seed-output",
    metavar="NAME",
    help="Differentiate this quantity; of an array, the sum of its elements.",
)
@click.option(
    "--depth",
    metavar="N",
    type=click.IntRange(min=0),
    help="Open loops and functions so many levels deep: 0 draws each as one box. Default: 1, or 0 "
    "where the picture would have more boxes than --limit.",
)
@click.option(
    "--fold/--no-fold",
    default=True,
    help="Draw a block of equations that is repeated once, with its count. Default: --fold.",
)
@click.option(
    "--focus",
    metavar="NAME",
    help="Draw one quantity, what it depends on and what depends on it.",
)
@click.option(
    "--within",
    metavar="K",
    type=click.IntRange(min=1),
    help="With --focus: no further from it than so many arrows.",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=View().limit,
    show_default=True,
    help="Draw about so many boxes; of a longer program, equations that stand together are one.",
)
@format_option
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    output: str | None,
    seed_output: str | None,
    depth: int | None,
    fold: bool,
    focus: str | None,
    within: int | None,
    limit: int,
    format: str,
) -> None:
    """Draw the computation graph: values forward in black, derivatives backward in red.

    Every node shows its equation, its value where inputs are given, and its dVar; every red
    arrow the local partial derivative that it multiplies by.
    """
    with reported(format):
        from gradc.drawing import draw
        from gradc.report.diagram_dot import dot

        kind = _kind(output)
        program = read_program(file, format)
        view = View(depth=depth, fold=fold, focus=focus, within=within, limit=limit)
        data = input_specs(file, specs, values)
        picture = draw(program, data, seed_output, standard_input, view)
        text = dot(picture)
        content = text.encode("utf-8")
        if kind in PICTURES:
            from gradc.report.picture import render

            content = render(text, kind.lstrip("."))
        write_result(content, output, None if file == "-" else file)


def _kind(output: str | None) -> str:
    """The suffix of the file to write; raises UsageError for one that is no picture."""
    kind = os.path.splitext(output)[1].lower() if output else ".dot"
    if kind not in (".dot", ".gv", *PICTURES):
        raise UsageError(
            [
                Diagnostic(
                    "G0704",
                    f"cannot tell from `{output}` what to draw",
                    help="name a file that ends in .dot, .svg, .png or .pdf",
                )
            ]
        )
    return kind
