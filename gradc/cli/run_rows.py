"""`gradc run` where each row of a table is one observation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradc.cli.boundary import report
from gradc.cli.options import standard_input
from gradc.cli.output import streamed
from gradc.cli.progress import Progress
from gradc.diagnostics import Diagnostic, UsageError
from gradc.rows import Observation, Rows, find_rows, tables_of
from gradc.runtime.rows_output import format_of, writer
from gradc.session import NUMERIC_FAILURE

if TYPE_CHECKING:
    from gradc.ir.program import Program
    from gradc.session import Request


def run_rows(
    program: Program, request: Request, file: str, output: str | None, format: str
) -> None:
    """Compute every row and leave, if the data of a request are rows; return if they are not.

    Raises UsageError for an output file that nothing would be written to.
    """
    rows = find_rows(program, request.specs, alone=output is None)
    if rows is None:
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
        return
    shown = "jsonl" if format == "json" else "csv"
    form = shown if output is None else format_of(output)
    observation = Observation(program, rows, request, standard_input)
    _write(observation, rows, file, output, form)
    note = observation.note()
    if note is not None:
        report([note], format)
    sys.exit(0 if note is None else NUMERIC_FAILURE)


def _write(observation: Observation, rows: Rows, file: str, output: str | None, form: str) -> None:
    sources = [table.path for table in tables_of(rows)]
    with streamed(output, [file, *sources]) as stream, Progress("rows") as progress:
        out = writer(form, stream, observation.results)
        for count, found, done in observation.blocks(observation.rows):
            out.write(found)
            progress.advance(count, done)
        out.finish()
