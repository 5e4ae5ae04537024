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
@format_option
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    output: str | None,
    seed_output: str | None,
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
        picture = draw(program, input_specs(file, specs, values), seed_output, standard_input)
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
