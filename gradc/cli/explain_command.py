"""`gradc explain`."""

from __future__ import annotations

import sys

import click

from gradc.cli.boundary import report, reported, terminal_width
from gradc.cli.options import (
    input_specs,
    inputs_options,
    names,
    program_argument,
    read_program,
    standard_input,
    wrt_option,
)
from gradc.cli.output import files_read, write_result


@click.command("explain")
@program_argument
@inputs_options
@wrt_option
@click.option(
    "--seed-output",
    metavar="NAME",
    help="Differentiate this quantity; of an array, the sum of its elements.",
)
@click.option(
    "--path",
    metavar="NAMES",
    help="Only the paths through these quantities, as in x,u,J.",
)
@click.option(
    "--into",
    metavar="NAME",
    help="Derive this function instead, or one step of the loop that makes this quantity.",
)
@click.option(
    "--most",
    type=click.IntRange(min=4),
    default=60,
    show_default=True,
    help="Rows of one list; what is beyond is counted.",
)
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "markdown", "latex", "html"]),
    default="text",
    show_default=True,
    help="How the derivation is written. Messages are text and go to standard error.",
)
@click.option("-o", "--output", metavar="OUT", help="The file to write. Default: standard output.")
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    wrt: str | None,
    seed_output: str | None,
    path: str | None,
    into: str | None,
    most: int,
    format: str,
    output: str | None,
) -> None:
    """Derive the derivatives of a program step by step, as a textbook does.

    Intermediate variables, local partial derivatives, the chain rule along each path and the sum
    over the paths, everything substituted back, and the result; with inputs, all numbers.
    """
    with reported("text"):
        from gradc.explaining import Request, explain

        program = read_program(file, "text")
        to_terminal = output is None and sys.stdout.isatty()
        request = Request(
            tuple(input_specs(file, specs, values)),
            names(wrt),
            seed_output,
            names(path) or (),
            most,
            terminal_width(sys.stdout) if to_terminal else None,
            format,
            into,
        )
        result = explain(program, request, standard_input)
        write_result(result.text.encode(), output, files_read(file, [*specs, *values]))
        report(result.notes, "text")
        sys.exit(result.exit_code)
