"""`gradc page`."""

from __future__ import annotations

import sys

import click

from gradc.cli.boundary import report, reported
from gradc.cli.options import (
    format_option,
    input_specs,
    inputs_options,
    program_argument,
    read_program,
    standard_input,
)
from gradc.cli.output import files_read, write_result


@click.command("page")
@program_argument
@inputs_options
@click.option("-o", "--output", metavar="OUT", help="The file to write, else standard output.")
@click.option(
    "--seed-output",
    metavar="NAME",
    help="Differentiate this quantity; of an array, the sum of its elements, or "
    "NAME=WEIGHTS for a weighted sum.",
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
    """Write one HTML file that shows a program, its diagram and its numbers, and computes them
    again when an input is moved.

    It walks through both sweeps step by step, and needs no server, no network and no gradc.
    Without inputs it begins with examples.
    """
    with reported(format):
        from gradc.paging import page

        program = read_program(file, format)
        made = page(program, input_specs(file, specs, values), seed_output, standard_input)
        write_result(made.content, output, files_read(file, [*specs, *values]))
        report(made.notes, format)
        sys.exit(made.exit_code)
