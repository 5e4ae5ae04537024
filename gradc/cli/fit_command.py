"""`gradc fit`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gradc.cli.boundary import INTERRUPTED, report, reported, terminal_width
from gradc.cli.options import (
    Followed,
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
from gradc.diagnostics import GradcError
from gradc.fit.settings import NAMES, RATES, Settings

if TYPE_CHECKING:
    from gradc.ir.fitted import Fitted

NOT_CONVERGED = 4


class _Fit(Followed):
    followed = ("--inputs", "--start", "--bounds")


@click.command("fit", cls=_Fit)
@program_argument
@inputs_options
@click.option(
    "--start",
    multiple=True,
    metavar="SPEC",
    help="Where the parameters start, given as inputs are.",
)
@click.option(
    "--bounds",
    multiple=True,
    metavar="SPEC",
    help="NAME=[LEAST,LARGEST], -inf or inf for none; of an array, one pair for all elements or an "
    "array of pairs.",
)
@wrt_option
@click.option(
    "--objective",
    metavar="NAME",
    help="The quantity to minimise, or whose squares. Default: the output.",
)
@click.option(
    "--method",
    type=click.Choice(NAMES),
    default=NAMES[0],
    show_default=True,
    help="gd: gradient descent, each step shown.  adam.  lbfgs: L-BFGS-B.  lm: "
    "Levenberg-Marquardt.  trf: trust region.  auto: lbfgs for a scalar; lm for residuals, or trf "
    "with bounds and where lm ends early.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0.0, min_open=True),
    metavar="NUMBER",
    help="The rate of gd and adam. Default: "
    + ", ".join(f"{r} for {m}" for m, r in RATES.items())
    + ".",
)
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="At most so many steps.")
@click.option(
    "--starts",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Fit from N starts, all but the first at random, and keep the best.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Chooses the starts at random.",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="A JSON file for the parameters, which --inputs reads.",
)
@format_option
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    start: tuple[str, ...],
    bounds: tuple[str, ...],
    wrt: str | None,
    objective: str | None,
    method: str,
    rate: float | None,
    steps: int | None,
    starts: int,
    seed: int,
    output: str | None,
    format: str,
) -> None:
    """Find the parameters at which a program's scalar output is least, or the sum of squares of its
    array output.

    Parameters are the params of the program, or those that --wrt or --start name. Of residuals,
    standard errors and the covariance are printed. Ctrl-C ends a fit with the best parameters so
    far. A fit that has not converged exits with 4, unless it ended after the --steps asked for.
    """
    with reported(format):
        from gradc.cli.fit_terminal import Progress
        from gradc.fitting import FitRequest, fit
        from gradc.report.fit import fit_json, fit_notes, fit_text, parameters_json

        program = read_program(file, format)
        request = FitRequest(
            input_specs(file, specs, values),
            start,
            bounds,
            names(wrt),
            objective,
            Settings(method, rate, steps, starts, seed),
        )
        with Progress(format, method, rate) as progress:
            found = fit(program, request, standard_input, progress)
        unsaved: GradcError | None = None
        try:
            if output is not None:
                content = parameters_json(found.parameters).encode("utf-8")
                write_result(content, output, None if file == "-" else file)
        except GradcError as error:
            unsaved = error  # after the numbers: they may have taken hours
        if format == "json":
            write_result(f"{fit_json(found)}\n".encode(), None, None)
        else:
            width = terminal_width(sys.stdout.fileno()) if sys.stdout.isatty() else None
            click.echo(fit_text(found, width))
        report(fit_notes(found), format)
        if unsaved is not None:
            raise unsaved
        sys.exit(_exit_code(found))


def _exit_code(found: Fitted) -> int:
    if found.interrupted:
        return INTERRUPTED
    return 0 if found.converged or found.limited else NOT_CONVERGED
