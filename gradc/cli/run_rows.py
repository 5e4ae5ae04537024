"""`gradc run` over the rows of tables: each row an observation, or their sums block by block."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gradc.cli.boundary import report, terminal_width
from gradc.cli.options import standard_input
from gradc.cli.output import files_read, streamed, write_result
from gradc.cli.progress import Progress
from gradc.diagnostics import Diagnostic, UsageError
from gradc.rows import Observation, Rows, find_rows
from gradc.runtime.engines import numpy_for_rows
from gradc.runtime.inputs import names_a_table
from gradc.runtime.rows_output import format_of, writer
from gradc.session import NUMERIC_FAILURE
from gradc.totals import find_total, run_total, wants_more, without_rows

if TYPE_CHECKING:
    from gradc.ir.program import Program
    from gradc.runtime.workers import Places
    from gradc.session import Request


def run_rows(
    program: Program,
    request: Request,
    file: str,
    output: str | None,
    chunk: int | None,
    places: Places,
    format: str,
) -> None:
    """Compute rows and leave, if the data of a request are to be read in blocks; return if they
    are not.

    Raises UsageError for an output file that nothing would be written to.
    """
    rows = find_rows(program, request.specs, alone=output is None and chunk is None)
    if rows is not None:
        if places.elsewhere:
            raise without_rows(request.specs, places)
        _observe(program, request, rows, file, output, chunk, format)
    if output is not None:
        raise UsageError(
            [
                Diagnostic(
                    "G0547",
                    "-o takes a row of results for each row of data, and there is none",
                    help="a scalar input that receives a column makes each row an observation",
                )
            ]
        )
    _sum(program, request, chunk, places, format)


def _observe(
    program: Program,
    request: Request,
    rows: Rows,
    file: str,
    output: str | None,
    chunk: int | None,
    format: str,
) -> None:
    numpy_for_rows(request.engine)
    shown = "jsonl" if format == "json" else "csv"
    form = shown if output is None else format_of(output)
    observation = Observation(program, rows, request, standard_input)
    with streamed(output, files_read(file, request.specs)) as stream, Progress("rows") as progress:
        out = writer(form, stream, observation.results)
        for count, found, done in observation.blocks(chunk or observation.rows):
            out.write(found)
            progress.advance(count, done)
        out.finish()
    _leave(observation.note(), format)


def _sum(
    program: Program, request: Request, chunk: int | None, places: Places, format: str
) -> None:
    """Sum over rows in blocks; return where C is to run, which takes all rows at once, unless
    blocks are asked for, and, with the reason, where a program does not allow it."""
    in_blocks = chunk is not None or places.elsewhere
    if request.engine.name == "c" and not in_blocks:
        return
    rows = find_total(program, request, in_blocks)
    if rows is None:
        if places.elsewhere:
            raise without_rows(request.specs, places)
        if chunk is not None and (not names_a_table(request.specs) or wants_more(request)):
            raise UsageError(
                [
                    Diagnostic(
                        "G0549",
                        "--chunk reads rows of tables in blocks, and this request has none for it",
                        help="it is for observations, and for sums over rows with their value and "
                        "gradient",
                    )
                ]
            )
        return
    try:
        with Progress("rows") as progress:
            tell = progress.advance
            result = run_total(program, request, rows, standard_input, chunk, tell, places)
    except UsageError as error:
        if any(diagnostic.code != "G0548" for diagnostic in error.diagnostics):
            raise
        notes = ("all rows are read at once instead",)
        found = (replace(each, severity="warning", notes=notes) for each in error.diagnostics)
        report(found, format)
        return
    if format == "json":
        write_result(f"{result.json()}\n".encode(), None)
    else:
        width = terminal_width(sys.stdout)
        click.echo(result.text(width))
    _leave(result.note(), format)


def _leave(note: Diagnostic | None, format: str) -> None:
    if note is not None:
        report([note], format)
    sys.exit(0 if note is None else NUMERIC_FAILURE)
