"""`gradc run`."""

from __future__ import annotations

import sys

import click

from gradc.cli.boundary import report, reported, terminal_width
from gradc.cli.matrix_options import MatrixCommand, check_matrix_files, write_matrices
from gradc.cli.options import (
    dtype_option,
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
    wrt_option,
)
from gradc.cli.output import write_result
from gradc.cli.progress import progress_line
from gradc.runtime.engines import Name
from gradc.runtime.inputs import names_a_table
from gradc.runtime.workers import Places
from gradc.session import Request, run


@click.command("run", cls=MatrixCommand)
@program_argument
@inputs_options
@wrt_option
@click.option(
    "--seed-output",
    metavar="NAME",
    help="Differentiate this quantity; of an array, the sum of its elements, or "
    "NAME=WEIGHTS for a weighted sum.",
)
@click.option(
    "--jacobian",
    metavar="[OUT]",
    help="The whole Jacobian of the outputs: printed, or written to OUT.npy or OUT.csv, or sparse "
    "to OUT.mtx or OUT.npz.",
)
@click.option("--hessian", metavar="[OUT]", help="The whole Hessian of the output, likewise.")
@click.option(
    "--jvp",
    multiple=True,
    metavar="SPEC",
    help="The derivative of the outputs along a direction, given as inputs are.",
)
@click.option(
    "--hvp",
    multiple=True,
    metavar="SPEC",
    help="The Hessian times a direction, given as inputs are.",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="For observations: the file to write a row of results to for each row of data, as its "
    "name ends: .csv, .jsonl, .parquet, .arrow, .npy or .npz. Default: CSV on standard output.",
)
@click.option(
    "--chunk",
    type=click.IntRange(min=1),
    metavar="ROWS",
    help="Read so many rows of tables at a time. Default: files of more than 64 MiB of numbers are "
    "read in blocks of a few megabytes.",
)
@workers_options
@dtype_option
@engine_options
@format_option
def command(
    file: str,
    specs: tuple[str, ...],
    values: tuple[str, ...],
    wrt: str | None,
    seed_output: str | None,
    jacobian: str | None,
    hessian: str | None,
    jvp: tuple[str, ...],
    hvp: tuple[str, ...],
    output: str | None,
    chunk: int | None,
    workers: int | None,
    scheduler: str | None,
    dtype: str,
    engine: Name,
    threads: int | None,
    verbose: bool,
    format: str,
) -> None:
    """Print every named value of a program and the derivative of the output with respect to it.

    Where a scalar input receives a column of a table, each row is one observation: the outputs
    and derivatives of every row are written as a table. Where rows meet only in sums, long files
    are read in blocks, and the value and its derivatives are printed.
    """
    with reported(format):
        given = input_specs(file, specs, values)
        check_matrix_files([jacobian, hessian], file, [*given, *jvp, *hvp])
        program = read_program(file, format, dtype)
        request = Request(
            tuple(given),
            names(wrt),
            seed_output,
            jacobian == "",
            hessian == "",
            jvp,
            hvp,
            jacobian or None,
            hessian or None,
            engine_of(engine, threads, verbose, format),
        )
        places = Places(workers, scheduler)
        in_blocks = chunk is not None or places.elsewhere
        if output is not None or in_blocks or names_a_table(request.specs):
            from gradc.cli.run_rows import run_rows

            run_rows(program, request, file, output, chunk, places, format)
        with progress_line("sweep") as progress:
            result = run(program, request, standard_input, progress)
        write_matrices(result.files, file)
        if format == "json":
            write_result(f"{result.json()}\n".encode(), None)
        else:
            width = terminal_width(sys.stdout)
            click.echo(result.text(width))
        report(result.notes, format)
        sys.exit(result.exit_code)
