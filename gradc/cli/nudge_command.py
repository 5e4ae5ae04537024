"""`gradc nudge`."""

from __future__ import annotations

import sys

import click

from gradc.cli.boundary import report, reported, speaks_unicode, terminal_width
from gradc.cli.options import (
    Followed,
    format_option,
    input_specs,
    inputs_options,
    program_argument,
    read_program,
    standard_input,
)
from gradc.cli.output import write_result


@click.command("nudge", cls=Followed)
@program_argument
@inputs_options
@click.option(
    "--by",
    multiple=True,
    metavar="SPEC",
    help="How much inputs move: NAME=VALUE, given as inputs are, or one element of an array, as "
    "in 'w[2]=0.001'. NAME=VALUE arguments after it are taken too.",
)
@click.option(
    "--sweep",
    is_flag=True,
    help="Try further sizes of the nudge, and show how the error of the prediction falls.",
)
@click.option(
    "--seed-output",
    metavar="NAME",
    help="Take this quantity as the output; of an array, the sum of its elements, or "
    "NAME=WEIGHTS for a weighted sum.",
)
@format_option
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    by: tuple[str, ...],
    sweep: bool,
    seed_output: str | None,
    format: str,
) -> None:
    """Move inputs a little: by how much every quantity changes, and by how much its derivative
    says that it would."""
    with reported(format):
        from gradc.nudging import Request, nudge

        program = read_program(file, format)
        request = Request(tuple(input_specs(file, specs, values)), by, sweep, seed_output)
        result = nudge(program, request, standard_input)
        if format == "json":
            write_result(f"{result.json()}\n".encode(), None)
        else:
            width = terminal_width(sys.stdout)
            click.echo(result.text(width, speaks_unicode()))
        report(result.notes, format)
        sys.exit(result.exit_code)
