"""`gradc fit`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from gradc.cli.boundary import report, reported, speaks_unicode, terminal_width
from gradc.cli.options import (
    Between,
    Followed,
    engine_of,
    engine_options,
    format_option,
    input_specs,
    inputs_options,
    names,
    program_argument,
    read_program,
    standard_input,
    workers_options,
)
from gradc.cli.output import files_read, write_result
from gradc.cli.start import INTERRUPTED
from gradc.diagnostics import GradcError
from gradc.fit.settings import LOSSES, NAMES, RATES, Settings

if TYPE_CHECKING:
    from gradc.fitting import Plot
    from gradc.ir.fitted import Fitted
    from gradc.runtime.engines import Name

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
@click.option(
    "--wrt",
    metavar="NAMES",
    help="The inputs to fit, separated by commas. Default: the params, else those that --start "
    "names.",
)
@click.option(
    "--objective",
    metavar="NAME",
    help="The quantity to minimise, or whose squares. Default: the output.",
)
@click.option(
    "--loss",
    type=click.Choice(LOSSES),
    help="What is made of the elements of an array, or of the rows of a table. Default: squares "
    "for an array; none for rows.",
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
    type=Between(min=0.0, min_open=True),
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
    "--chunk",
    type=click.IntRange(min=1),
    metavar="ROWS",
    help="Read so many rows of tables at a time, again for each step; residuals then have no "
    "standard errors. Default: only long files are read in blocks, of a few megabytes.",
)
@workers_options
@engine_options
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="A JSON file for the parameters, which --inputs reads.",
)
@click.option(
    "--plot",
    "pictures",
    multiple=True,
    metavar="[KIND=]FILE",
    help="Draw the loss after each step, the fit beside the data, or the path of the parameters: "
    "loss.svg, fit.svg, path.svg, or KIND=FILE with .svg, .png or .pdf. A KIND alone is drawn in "
    "plain text. May be repeated.",
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
    loss: str | None,
    method: str,
    rate: float | None,
    steps: int | None,
    starts: int,
    seed: int,
    chunk: int | None,
    workers: int | None,
    scheduler: str | None,
    engine: Name,
    threads: int | None,
    verbose: bool,
    output: str | None,
    pictures: tuple[str, ...],
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
        from gradc.fitting import FitRequest, fit, plots
        from gradc.report.fit import fit_json, fit_notes, fit_text
        from gradc.report.fit_plots import text_picture
        from gradc.runtime.workers import Places

        input_specs(file, [*start, *bounds], ())  # not the stream that the program comes from
        wanted = plots(pictures, format == "text")
        program = read_program(file, format)
        request = FitRequest(
            input_specs(file, specs, values),
            start,
            bounds,
            names(wrt),
            objective,
            loss,
            chunk,
            Settings(method, rate, steps, starts, seed, frozenset(plot.kind for plot in wanted)),
            Places(workers, scheduler),
            engine_of(engine, threads, verbose, format),
        )
        with Progress(format, method, rate) as progress:
            found = fit(program, request, standard_input, progress)
        faults = list(
            _written(found, output, wanted, files_read(file, [*specs, *values, *start, *bounds]))
        )
        if format == "json":
            write_result(f"{fit_json(found)}\n".encode(), None)
        else:
            terminal = sys.stdout.isatty()
            width = terminal_width(sys.stdout)
            parts = [fit_text(found, width)]
            kinds = [plot.kind for plot in wanted if plot.path is None]
            kinds = kinds or ["loss"] * (terminal and len(found.history) > 2)
            parts += [text_picture(found, kind, speaks_unicode()) for kind in kinds]
            click.echo("\n\n".join(filter(None, parts)))
        report(fit_notes(found), format)
        for fault in faults:
            raise fault
        sys.exit(_exit_code(found))


def _written(
    found: Fitted, output: str | None, wanted: Sequence[Plot], sources: Sequence[str]
) -> Iterator[GradcError]:
    """Write the files that are asked for; what goes wrong is raised after the numbers are printed,
    which may have taken hours."""
    from gradc.report.fit import parameters_json
    from gradc.report.fit_plots import is_known, picture

    try:
        if output is not None:
            write_result(parameters_json(found.parameters).encode(), output, sources)
    except GradcError as error:
        yield error
    for plot in wanted:
        if plot.path is not None and is_known(found, plot.kind):
            try:
                write_result(picture(found, plot.kind, plot.suffix), plot.path, sources)
            except GradcError as error:
                yield error


def _exit_code(found: Fitted) -> int:
    if found.interrupted:
        return INTERRUPTED
    return 0 if found.converged or found.limited else NOT_CONVERGED
