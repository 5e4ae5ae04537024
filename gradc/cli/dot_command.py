"""`gradc dot`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gradc.cli.boundary import reported
from gradc.cli.options import (
    input_specs,
    inputs_options,
    program_argument,
    read_program,
    standard_input,
)
from gradc.cli.output import files_read, write_result
from gradc.diagnostics import Diagnostic, UsageError
from gradc.report.view import View

if TYPE_CHECKING:
    from gradc.report.diagram_model import Picture

PICTURES = ("svg", "png", "pdf")

# What the end of a file's name says of its format.
SUFFIXES = {
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    **{f".{format}": format for format in PICTURES},
}


@click.command("dot")
@program_argument
@inputs_options
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="The file to write: .dot or .gv text, .mmd for Mermaid, .svg, .png or .pdf. Default: "
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
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "json", "dot", "mermaid", *PICTURES]),
    default="text",
    show_default=True,
    help="The format of the diagram, else told from the name of the file, else DOT. With json, "
    "messages are JSON.",
)
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

        kind = _kind(output, format)
        program = read_program(file, format)
        view = View(depth=depth, fold=fold, focus=focus, within=within, limit=limit)
        data = input_specs(file, specs, values)
        picture = draw(program, data, seed_output, standard_input, view)
        write_result(_content(picture, kind), output, files_read(file, [*specs, *values]))


def _content(picture: Picture, kind: str) -> bytes:
    """A picture in the format that is asked for."""
    if kind == "mermaid":
        from gradc.report.diagram_mermaid import mermaid

        return mermaid(picture).encode("utf-8")
    from gradc.report.diagram_dot import dot

    text = dot(picture)
    if kind == "dot":
        return text.encode("utf-8")
    from gradc.report.picture import render

    return render(text, kind)


def _kind(output: str | None, format: str) -> str:
    """The format of the picture; raises UsageError where option and name say two, or none."""
    suffix = os.path.splitext(output)[1].lower() if output else ".dot"
    told = SUFFIXES.get(suffix)
    chosen = None if format in ("text", "json") else format
    if output and chosen and told and told != chosen:
        message = f"`--format {chosen}` is not the format that the name `{output}` tells"
        raise UsageError(
            [Diagnostic("G0743", message, help="leave the option out, or choose another name")]
        )
    kind = chosen or told
    if kind is None:
        raise UsageError(
            [
                Diagnostic(
                    "G0704",
                    f"cannot tell from `{output}` what to draw",
                    help="name a file that ends in .dot, .mmd, .svg, .png or .pdf, or say --format",
                )
            ]
        )
    return kind
