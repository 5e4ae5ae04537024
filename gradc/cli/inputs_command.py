"""`gradc inputs`."""

from __future__ import annotations

import click

from gradc.cli.boundary import report, reported
from gradc.cli.options import format_option, program_argument, read_program
from gradc.cli.output import files_read, write_result
from gradc.diagnostics import Diagnostic


@click.command("inputs")
@program_argument
@click.argument("sizes", nargs=-1, metavar="[SIZE=NUMBER]...")
@click.option("-o", "--output", metavar="OUT", help="The file to write, else standard output.")
@format_option
def command(file: str, sizes: tuple[str, ...], output: str | None, format: str) -> None:
    """Print sample data for a program as JSON, one line for each input or row of one.

    The numbers are such that the program and its derivatives are finite, where some are found.
    Change them, and give the file to `gradc run --inputs`.
    """
    with reported(format):
        from gradc.report.template import template
        from gradc.runtime.samples import read_sizes, samples

        program = read_program(file, format)
        found = samples(program, read_sizes(sizes))
        write_result(template(found.values).encode("utf-8"), output, files_read(file))
        if not found.finite:
            report([_NOT_FINITE], format)


_NOT_FINITE = Diagnostic(
    "G0763",
    "a result or a derivative is not finite at any of the sample numbers tried",
    help="change the numbers to some for which the program is meant",
    severity="warning",
)
