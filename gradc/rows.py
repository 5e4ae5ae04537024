"""One request of `gradc run` over the rows of a table: find the rows, and compute them.

`find_rows` says whether a request is one: where an input of a program receives cells of a table
that have its own shape, each row is one observation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gradc.diagnostics import Diagnostic, InputError, UsageError
from gradc.ir.program import Program
from gradc.runtime.bind import Bound, bind
from gradc.runtime.evaluate import with_output
from gradc.runtime.inputs import read_what_can_be
from gradc.runtime.problems import counted, quoted
from gradc.runtime.sources import Given, given_by, read_sources, sources_of
from gradc.runtime.tables import cell_place, shown
from gradc.runtime.values import RawValue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gradc.runtime.observations import Observer, Result
    from gradc.session import Request

# A file of no more bytes may hold a single row, which is run as one set of numbers.
_MAY_BE_ONE_ROW = 2**16


class Rows(NamedTuple):
    """Which inputs receive cells of rows, and what the others are given."""

    observed: tuple[Given, ...]
    whole: tuple[Given, ...]  # from tables too, but all rows of them
    others: tuple[str, ...]  # specs that name no table


def find_rows(program: Program, specs: Sequence[str], alone: bool) -> Rows | None:
    """How the data of a request give observations; None where they give one set of numbers.

    A table that has a single row does so too, unless the results go to a file: `alone` says
    that they do not.  Raises InputError where columns of one file are wanted in both ways.
    """
    try:
        sources, others = sources_of(specs)
        given = given_by(sources) if sources else []
    except InputError:
        return None  # reported with whatever else is wrong, where the data are bound
    ranks = {spec.name: len(spec.type.shape) for spec in program.inputs}
    observed = [each for each in given if ranks.get(each.name) == len(each.cell)]
    observed = [each for each in observed if getattr(each.table, "shape", None) != ()]
    if not observed:
        return None
    if alone and all(map(_is_one_number, observed)):
        return None
    tables = {each.table for each in observed}
    mixed = [
        each
        for each in given
        if each.table in tables and each.name in ranks and each not in observed
    ]
    if mixed:
        raise _mixed(observed, mixed)
    rows = [each for each in given if each.table in tables]
    return Rows(tuple(rows), tuple(each for each in given if each not in rows), tuple(others))


def _is_one_number(given: Given) -> bool:
    """Whether a scalar receives the only cell of a column."""
    table = given.table
    if given.cell or table.names == ("",) or table.size > _MAY_BE_ONE_ROW:
        return False
    try:
        return sum(block.rows for block in table.blocks(given.columns)) == 1
    except InputError:
        return False


def _mixed(observed: Sequence[Given], mixed: Sequence[Given]) -> InputError:
    row = observed[0]
    found = []
    for each in mixed:
        what = "a scalar" if not row.cell else "one value of its shape"
        message = (
            f"{quoted(row.name)} receives {what} in each row of {shown(row.table.path)}, "
            f"so each row is one observation; {quoted(each.name)} would receive a whole column"
        )
        help = f"give {each.name} as {each.name}=VALUE, or from another file"
        found.append(Diagnostic("G0542", message, help=help))
    return InputError(found)


class Observation:
    """The observations of one request, computed block by block.

    Raises InputError for data that do not fit, UsageError for a request that rows cannot have.
    """

    def __init__(
        self, program: Program, rows: Rows, request: Request, stdin: Callable[[], str]
    ) -> None:
        from gradc.runtime.observations import Observer

        _check_request(request)
        if request.seed_output:
            program = with_output(program, request.seed_output.strip())
        self.program = program
        self._rows = rows
        self._bound = _bound(program, rows, stdin)
        names = [given.name for given in rows.observed]
        self._observer: Observer = Observer(program, program.wrt(request.wrt), names, self._bound)
        self._first: tuple[int, str, float] | None = None  # the first result that is not finite
        self._odd = 0

    @property
    def results(self) -> list[Result]:
        """What there is for each row, in order."""
        return self._observer.results

    @property
    def rows(self) -> int:
        """How many rows are computed at a time unless a request says otherwise."""
        return self._observer.rows

    def blocks(self, rows: int) -> Iterator[tuple[int, list[NDArray[np.generic]], float]]:
        """The results of so many rows at a time: their number, the results, and how much of
        the files is read."""
        from gradc.runtime.rows_input import row_blocks

        specs = {spec.name: spec for spec in self.program.inputs}
        for block in row_blocks(self._rows.observed, specs, self._bound.sizes, rows):
            try:
                found = self._observer.observe(block.rows, block.values)
            except InputError as error:
                fault = self._observer.faulty_row(block.rows, block.values)
                raise self._in_row(error, fault, block.start) from None
            self._note_odd(found, block.start)
            yield block.rows, found, block.done

    def _in_row(
        self, error: InputError, fault: tuple[int, Diagnostic] | None, start: int
    ) -> InputError:
        if fault is None:
            return error
        row, diagnostic = fault
        place = cell_place(self._rows.observed[0].table.path, start + row, "")
        return InputError([replace(diagnostic, message=f"{place}: {diagnostic.message}")])

    def _note_odd(self, found: Sequence[NDArray[np.generic]], start: int) -> None:
        import numpy as np

        odd: Any = False
        for result, values in zip(self.results, found, strict=True):
            finite: Any = np.isfinite(values).reshape(len(values), -1)
            odd = odd | ~finite.all(axis=1)
            if not finite.all() and (self._first is None or not self._odd):
                row = int(np.argmin(finite.all(axis=1)))
                if self._first is None or start + row < self._first[0]:
                    element = int(np.argmin(finite[row]))
                    name = list(result.elements())[element]
                    value = float(values.reshape(len(values), -1)[row, element])
                    self._first = (start + row, name, value)
        self._odd += int(np.sum(odd))

    def note(self) -> Diagnostic | None:
        """A warning where results of some rows are not finite."""
        if self._first is None:
            return None
        row, name, value = self._first
        place = cell_place(self._rows.observed[0].table.path, row, "")
        return Diagnostic(
            "G0601",
            f"the results of {counted(self._odd, 'row')} are not finite: the first is {name} = "
            f"{value} of {place}",
            severity="warning",
        )


def _check_request(request: Request) -> None:
    wanted = {
        "--hessian": request.hessian or request.hessian_file,
        "--jacobian OUT": request.jacobian_file,
        "--jvp": request.jvp,
        "--hvp": request.hvp,
    }
    problems = [
        Diagnostic(
            "G0544",
            f"{name} is of one set of numbers, and each row is one here",
            help="rows have outputs and first derivatives; -o writes them to a file",
        )
        for name, given in wanted.items()
        if given
    ]
    if request.seed_output and "=" in request.seed_output:
        message = "weights of outputs are of one set of numbers, and each row is one here"
        help = "choose an output with --seed-output NAME"
        problems.append(Diagnostic("G0544", message, help=help))
    if problems:
        raise UsageError(problems)


def _bound(program: Program, rows: Rows, stdin: Callable[[], str]) -> Bound:
    """The data of one row, of zeros where rows differ, to find the sizes and whatever is wrong
    with the rest."""
    reading = read_what_can_be(rows.others, stdin)
    values = dict(reading.values)
    twice = [each for each in (*rows.observed, *rows.whole) if each.name in values]
    problems = [
        Diagnostic(
            "G0503",
            f"{quoted(each.name)} is given twice: {values[each.name].place}, and {each.place}",
        )
        for each in twice
    ]
    for each in rows.observed:
        values[each.name] = RawValue(_zeros(each.cell), each.place)
    try:
        values.update(read_sources(rows.whole))
        bound = bind(program.inputs, values, program.requirements, program.source, reading.unread)
    except InputError as error:
        raise InputError([*reading.problems, *problems, *error.diagnostics]) from None
    if reading.problems or problems:
        raise InputError([*reading.problems, *problems])
    return bound


def _zeros(cell: tuple[int, ...]) -> object:
    if not cell:
        return 0
    import numpy as np

    return np.zeros(cell)
