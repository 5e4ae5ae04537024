"""`gradc check`."""

from __future__ import annotations

import sys

import click

from gradc.cli.boundary import report, reported, terminal_width
from gradc.cli.options import (
    Between,
    format_option,
    input_specs,
    inputs_options,
    names,
    program_argument,
    read_program,
    standard_input,
    wrt_option,
)
from gradc.cli.output import write_result


@click.command("check")
@program_argument
@inputs_options
@wrt_option
@click.option(
    "--seed-output",
    metavar="NAME",
    help="Check the derivative of this quantity; of an array, the sum of its elements, or "
    "NAME=WEIGHTS for a weighted sum. Default: the output, several or an array weighted at random.",
)
@click.option(
    "--elements",
    type=click.IntRange(min=1),
    metavar="N",
    help="Check at most so many elements, half of them those with the largest derivatives and "
    "the rest at random. Default: all up to 1000, of more 100, of more than 100000 20.",
)
@click.option(
    "--tolerance",
    type=Between(min=0.0, min_open=True, max=1.0, max_open=True),
    default=1e-7,
    show_default=True,
    metavar="X",
    help="How near, relatively, a derivative is to the numerical one if it is right.",
)
@format_option
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    wrt: str | None,
    seed_output: str | None,
    elements: int | None,
    tolerance: float,
    format: str,
) -> None:
    """Compare every derivative with a numerical one: it agrees, there is a kink, round-off hides
    it, or it is wrong, and then what is wrong. Exit code 5 if any is wrong."""
    with reported(format):
        from gradc.checking import Request, check_gradient

        program = read_program(file, format)
        given = tuple(input_specs(file, specs, values))
        request = Request(given, names(wrt), seed_output, elements, tolerance)
        result = check_gradient(program, request, standard_input)
        if format == "json":
            write_result(f"{result.json()}\n".encode(), None)
        else:
            width = terminal_width(sys.stdout)
            click.echo(result.text(width))
        report(result.notes, format)
        sys.exit(result.exit_code)
