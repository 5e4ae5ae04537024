"""One request of `gradc run` whose rows meet in sums only: value and gradient, block by block.

`find_total` says whether a request may be one: its program has one scalar output, and inputs that
receive all rows of long files.  Deliberately absent: the quantities of single rows, which nobody
wants to read of millions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gradc.ad.names import adjoint_name
from gradc.diagnostics import Diagnostic, InputError, UsageError
from gradc.ir.dims import shape_text
from gradc.ir.program import Program
from gradc.report.numbers import array_cell, json_value
from gradc.report.table import Column, render_table
from gradc.runtime.bind import Bound, bind
from gradc.runtime.engines import numpy_for_rows
from gradc.runtime.evaluate import with_output
from gradc.runtime.inputs import read_what_can_be
from gradc.runtime.nonfinite import first_nonfinite
from gradc.runtime.sources import Given, given_by, read_sources, sources_of
from gradc.runtime.tables import Table, shown
from gradc.runtime.values import RawValue
from gradc.runtime.workers import HERE, Places, opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradc.runtime.split import RowSplit
    from gradc.session import Request

# Numbers of more bytes are read in blocks unless a request says otherwise.
LONG = 64 * 2**20
_TEXT = 2.5  # bytes of text for one of a double


class Rows(NamedTuple):
    """Which inputs receive rows, along which size, and what the others are given."""

    size: str
    given: tuple[Given, ...]
    whole: tuple[Given, ...]
    others: tuple[str, ...]

    @property
    def tables(self) -> list[Table]:
        """The files with the rows."""
        return list(dict.fromkeys(each.table for each in self.given))

    @property
    def length(self) -> int | None:
        """The number of rows, where every file says it without being read."""
        lengths = {table.rows for table in self.tables}
        return lengths.pop() if len(lengths) == 1 else None


def find_total(program: Program, request: Request, always: bool) -> Rows | None:
    """The rows that a request may read in blocks; None where it is to be run as a whole.

    That is so for files that are not long, unless `always`.
    """
    if wants_more(request):
        return None
    try:
        sources, others = sources_of(request.specs)
        given = given_by(sources) if sources else []
    except InputError:
        return None  # reported with whatever else is wrong, where the data are bound
    shapes = {spec.name: spec.type.shape for spec in program.inputs}
    found: dict[str, list[Given]] = {}
    for each in given:
        shape = shapes.get(each.name, ())
        if len(shape) == len(each.cell) + 1 and shape[0].symbol:
            found.setdefault(shape[0].symbol, []).append(each)
    if not found:
        return None
    size = max(found, key=lambda name: _bytes(found[name]))
    if not always and _bytes(found[size]) <= LONG:
        return None
    rest = [each for each in given if each not in found[size]]
    return Rows(size, tuple(found[size]), tuple(rest), tuple(others))


def wants_more(request: Request) -> bool:
    """Whether a request is for more than a value and its gradient."""
    matrices = request.wants_jacobian or request.hessian or request.hessian_file is not None
    return bool(matrices or request.jvp or request.hvp or "=" in (request.seed_output or ""))


def without_rows(specs: Sequence[str], places: Places) -> UsageError:
    """Says that a request has no rows that could be divided among workers; raises InputError where
    its tables cannot be read, which would be the reason."""
    sources, _ = sources_of(specs)
    given_by(sources)
    option = "--workers" if places.scheduler is None else "--scheduler"
    what = "sums over rows of tables, and this request has none"
    help = "name a table for an input with an axis of rows: --inputs X=data.csv:x1,x2"
    return UsageError([Diagnostic("G0558", f"{option} is for {what}", help=help)])


def _bytes(given: Sequence[Given]) -> float:
    """About how much memory what some inputs receive takes as a whole."""
    total = 0.0
    for each in given:
        if each.table.rows is not None:
            total += 8 * each.table.rows * math.prod(each.cell)
        else:
            share = len(each.columns) / max(len(each.table.names), 1)
            total += each.table.size / _TEXT * share
    return total


class TotalResult(NamedTuple):
    """Value and gradient over all rows."""

    program: Program
    rows: Rows
    split: RowSplit
    length: int
    value: float
    gradient: dict[str, Any]

    def json(self) -> str:
        """As the JSON of a run, with the number of rows."""
        output = self.program.graph.outputs[0].name
        found = {
            "outputs": {output: json_value(self.value)},
            "gradients": {name: json_value(value) for name, value in self.gradient.items()},
            "rows": self.length,
            "passes": self.split.passes,
        }
        return json.dumps(found, ensure_ascii=False, allow_nan=False)

    def text(self, width: int | None = None) -> str:
        """What was read, and a table."""
        output = self.program.graph.outputs[0]
        files = ", ".join(shown(table.path) for table in self.rows.tables)
        times = "once" if self.split.passes == 1 else f"{self.split.passes} times"
        inputs = {var.name: var for var in self.program.graph.inputs}
        rows = [[output.name, "scalar", array_cell(self.value)]]
        for name, value in self.gradient.items():
            shape = shape_text(inputs[name].type.shape)
            rows.append([adjoint_name(inputs[name]), shape, array_cell(value)])
        columns = [Column("name"), Column("shape"), Column("value", "number")]
        title = f"{self.length:,} rows of {files}, read {times}"
        return f"{title}\n\n{render_table(columns, rows, width)}"

    def note(self) -> Diagnostic | None:
        """A warning where the value or a derivative is not finite."""
        output = self.program.graph.outputs[0].name
        values = {output: self.value, **{f"d{n}": v for n, v in self.gradient.items()}}
        for name, value in values.items():
            bad = first_nonfinite(value)
            if bad is not None:
                message = f"the result is not finite: {name}{bad[0]} is {bad[1]}"
                return Diagnostic("G0601", message, severity="warning")
        return None


def run_total(
    program: Program,
    request: Request,
    rows: Rows,
    stdin: Callable[[], str],
    chunk: int | None,
    progress: Callable[[int, float], None],
    places: Places = HERE,
) -> TotalResult:
    """Value and gradient over all rows, `chunk` of them at a time, computed where `places` says.

    Raises UsageError, G0548, for a program that cannot be split, and where another engine than
    NumPy is asked for; InputError for data that do not fit.
    """
    from gradc.runtime.split import RowSplit

    if request.seed_output:
        program = with_output(program, request.seed_output.strip())
    names = [each.name for each in rows.given]
    length = rows.length
    split = RowSplit(program, program.wrt(request.wrt), rows.size, names, length is not None)
    numpy_for_rows(request.engine)
    bound = _bound(program, rows, stdin)
    passes = split.passes

    def blocks() -> Iterator[tuple[int, Mapping[str, NDArray[Any]]]]:
        from gradc.runtime.rows_input import row_blocks

        specs = {spec.name: spec for spec in program.inputs}
        size = chunk or split.block_rows(bound)
        for block in row_blocks(rows.given, specs, bound.sizes, size):
            progress(block.rows, (done[0] + block.done) / passes)
            yield block.rows, block.values
        done[0] += 1

    done = [0]
    with opened(places) as apply:
        total = split.evaluate(bound, blocks, length or 0, apply)
    return TotalResult(program, rows, split, total.rows, total.value, total.gradient)


def _bound(program: Program, rows: Rows, stdin: Callable[[], str]) -> Bound:
    """The data without rows, and the sizes, found with one row of zeros."""
    import numpy as np

    reading = read_what_can_be(rows.others, stdin)
    values: dict[str, object] = dict(reading.values)
    problems = [
        Diagnostic(
            "G0503",
            f"`{each.name}` is given twice: {reading.values[each.name].place}, and {each.place}",
        )
        for each in (*rows.given, *rows.whole)
        if each.name in values
    ]
    for each in rows.given:
        values[each.name] = RawValue(np.zeros((1, *each.cell)), each.place)
    try:
        values.update(read_sources(rows.whole))
        bound = bind(program.inputs, values, (), program.source, reading.unread)
    except InputError as error:
        raise InputError([*reading.problems, *problems, *error.diagnostics]) from None
    if reading.problems or problems:
        raise InputError([*reading.problems, *problems])
    return bound
