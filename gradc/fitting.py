"""One request of `gradc fit`: parameters, their start and bounds, and the fit.

The parameters are those named by `wrt`, else the params of the program, else what the start names.
A value of a parameter among the inputs is its start where no other is given, so that a file with
all numbers of a program serves as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

import numpy as np

from gradc.diagnostics import Diagnostic, InputError, NumericError, UsageError
from gradc.extras import require
from gradc.fit.aim import aim
from gradc.fit.blocks import BlockProblem
from gradc.fit.box import box
from gradc.fit.problem import Problem
from gradc.fit.settings import AUTO, FORMATS, PICTURES, SCIPY, Settings
from gradc.fit.solve import solve
from gradc.fit.surroundings import compares
from gradc.fit.watch import Listener
from gradc.frontend.spelling import nearest
from gradc.ir.dims import shape_text
from gradc.ir.fitted import Fitted
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.rows import find_rows
from gradc.runtime.bind import Bound, bind
from gradc.runtime.directions import filled
from gradc.runtime.engines import Engine, numpy_for_rows
from gradc.runtime.evaluate import evaluate_bound
from gradc.runtime.inputs import Reading, read_what_can_be
from gradc.runtime.nonfinite import explain_nonfinite
from gradc.runtime.rows_input import row_blocks
from gradc.runtime.sources import read_sources
from gradc.runtime.split import RowSplit
from gradc.runtime.tables import Table
from gradc.runtime.values import RawValue
from gradc.runtime.workers import HERE, Apply, Places, opened
from gradc.session import Request as RunRequest
from gradc.totals import find_total, without_rows

# Residuals in files of more bytes are read in blocks, and have no standard errors.
_FITS = 2**30


class FitRequest(NamedTuple):
    """What the user asks for; specs are as `read_inputs` takes them."""

    inputs: Sequence[str] = ()
    start: Sequence[str] = ()
    bounds: Sequence[str] = ()
    wrt: Sequence[str] | None = None
    objective: str | None = None
    loss: str | None = None  # one of LOSSES
    chunk: int | None = None  # rows of tables to read at a time
    settings: Settings = Settings()
    places: Places = HERE  # where blocks of rows are computed
    engine: Engine = Engine()

    @property
    def in_blocks(self) -> bool:
        """Whether rows are to be read in blocks however few they are."""
        return self.chunk is not None or self.places.elsewhere


class Plot(NamedTuple):
    """A picture that is asked for; in plain text where there is no file."""

    kind: str
    path: str | None = None
    suffix: str = ""


def plots(specs: Sequence[str], in_text: bool) -> list[Plot]:
    """The pictures of `[KIND=]FILE` and `KIND`; a file without a kind is named for it.

    `in_text` says whether a picture can stand beside the result.  Raises UsageError for what says
    no kind or no format, and where matplotlib is missing.
    """
    found: list[Plot] = []
    for spec in specs:
        kind, equals, path = spec.partition("=")
        if kind in PICTURES and not equals and in_text:
            found.append(Plot(kind))
            continue
        if not (equals and kind in PICTURES):
            named = [each for each in PICTURES if each in Path(spec).stem.lower()]
            kind, path = named[0] if len(named) == 1 else "", spec
        suffix = Path(path).suffix.lower().lstrip(".")
        if kind not in PICTURES or suffix not in FORMATS:
            message = f"cannot tell from `{spec}` what to draw"
            help = "write loss=FILE, fit=FILE or path=FILE, the file ending in .svg, .png or .pdf"
            raise UsageError([Diagnostic("G0780", message, help=help)])
        found.append(Plot(kind, path, suffix))
    if any(each.path is not None for each in found):
        require("matplotlib", "plot", "a picture in a file")
    return found


class _Given(NamedTuple):
    """The numbers of a request by name, and what was wrong with them."""

    inputs: Reading
    start: Reading
    bounds: Reading


def fit(
    program: Program,
    request: FitRequest,
    stdin: Callable[[], str],
    listener: Listener | None = None,
) -> Fitted:
    """The parameters at which the objective of a program is least, for the data that are named.

    `listener` hears of every step.  Raises InputError for numbers that do not fit, UsageError for
    a request that does not, NumericError where the objective is not finite at the start.
    """
    specs = (request.inputs, request.start, request.bounds)
    if sum(spec == "-" for each in specs for spec in each) > 1:
        raise UsageError([Diagnostic("G0704", "standard input `-` is given twice")])
    start, bounds = (read_what_can_be(each, stdin) for each in specs[1:])
    with opened(request.places) as apply:
        problem = _in_blocks(program, start, bounds, request, stdin, apply)
        if problem is None:
            given = _Given(read_what_can_be(request.inputs, stdin), start, bounds)
            problem = _whole(program, given, request)
        return _solved(problem, bounds, request, listener)


def fit_values(
    program: Program,
    inputs: Mapping[str, object],
    start: Mapping[str, object],
    bounds: Mapping[str, object],
    request: FitRequest,
) -> Fitted:
    """As `fit`, of numbers and arrays."""
    given = _Given(*(_reading(values) for values in (inputs, start, bounds)))
    return _solved(_whole(program, given, request), given.bounds, request, None)


def _reading(values: Mapping[str, object]) -> Reading:
    normal = {normalize("NFKC", name): RawValue(value, "") for name, value in values.items()}
    return Reading(normal, (), frozenset())


def _chosen(program: Program, start: Reading, request: FitRequest) -> tuple[set[str], set[str]]:
    """The names of the parameters, and of the inputs that have a value in each row of a table."""
    chosen = {var.name for var in _parameters(program, request.wrt, start.values)}
    # --loss says that each row has an output of its own, a single row too.
    rows = find_rows(program, request.inputs, alone=request.loss is None)
    observed = {each.name for each in rows.observed} if rows is not None else set()
    return chosen, observed - chosen


def _whole(program: Program, given: _Given, request: FitRequest) -> Problem:
    """What is minimised, with all data in memory."""
    chosen, observed = _chosen(program, given.start, request)
    target = aim(program, request.objective, request.loss, observed)
    wrt = tuple(var for var in target.program.graph.inputs if var.name in chosen)
    bound = _bound(target.program, wrt, given)
    return Problem(target.program, wrt, bound, target.what, request.engine)


def _in_blocks(
    program: Program,
    start: Reading,
    bounds: Reading,
    request: FitRequest,
    stdin: Callable[[], str],
    apply: Apply | None,
) -> Problem | None:
    """What is minimised, with data that are read in blocks whenever they are needed; None where
    they are to be read at once.

    Raises UsageError where a request for blocks cannot be met.
    """
    chosen, observed = _chosen(program, start, request)
    target, what = aim(program, request.objective, request.loss, observed, scalar=True)
    rows = find_total(target, RunRequest(specs=request.inputs), request.in_blocks)
    if rows is None:
        if request.places.elsewhere:
            raise without_rows(request.inputs, request.places)
        if request.chunk is not None:
            raise UsageError([_NO_ROWS])
        return None
    if request.chunk is None and _worth_standard_errors(program, request, observed, rows.tables):
        return None
    numpy_for_rows(request.engine)
    wrt = tuple(var for var in target.graph.inputs if var.name in chosen)
    names = [each.name for each in rows.given]
    try:
        split = RowSplit(target, wrt, rows.size, names, rows.length is not None)
    except UsageError:
        if request.in_blocks:
            raise
        return None  # the rows of the program cannot be taken apart
    reading = read_what_can_be(rows.others, stdin)
    one = {each.name: RawValue(np.zeros((1, *each.cell)), each.place) for each in rows.given}
    reading = reading._replace(values={**reading.values, **dict(read_sources(rows.whole)), **one})
    bound = _bound(replace(target, requirements=()), wrt, _Given(reading, start, bounds))
    specs = {spec.name: spec for spec in program.inputs}

    def blocks() -> Iterator[tuple[int, Mapping[str, Any]]]:
        size = request.chunk or split.block_rows(bound)
        for block in row_blocks(rows.given, specs, bound.sizes, size):
            yield block.rows, block.values

    return BlockProblem(split, wrt, bound, what, blocks, rows.length or 0, apply)


def _worth_standard_errors(
    program: Program, request: FitRequest, observed: set[str], tables: Sequence[Table]
) -> bool:
    """Whether the rows are residuals, in files that fit in memory: then all are read at once."""
    whole = aim(program, request.objective, request.loss, observed).program
    residuals = bool(whole.graph.outputs[0].type.shape)
    return residuals and sum(table.size for table in tables) <= _FITS


_NO_ROWS = Diagnostic(
    "G0704",
    "--chunk is for tables whose rows an input receives, and there are none",
    help="name a table, as in --inputs X=data.csv:x1,x2",
)


def _solved(
    problem: Problem, bounds: Reading, request: FitRequest, listener: Listener | None
) -> Fitted:
    if request.settings.method in (AUTO, *SCIPY):
        require("scipy.optimize", "fit", f"gradc fit with the method {request.settings.method}")
    if not problem.packing.size or not problem.residual_count:
        what = "parameters" if problem.residual_count else "residuals"
        raise InputError([Diagnostic("G0776", f"there are no {what}: an axis has length 0")])
    if "fit" in request.settings.pictures and not compares(problem):
        message = "the program says not what it compares: it has no one difference of a vector of "
        message += "data and what depends on the parameters"
        help = "give the difference a line of its own, as in r = model - y"
        raise UsageError([Diagnostic("G0780", message, help=help)])
    limits = box(problem.packing, bounds.values, problem.start)
    try:
        return solve(problem, limits, request.settings, listener)
    except NumericError as error:
        if error.diagnostics[0].code != "G0775":
            raise
        raise NumericError([*error.diagnostics, *_first_nonfinite(problem)]) from None


def _first_nonfinite(problem: Problem) -> Iterator[Diagnostic]:
    """Where the numbers at the start stop being finite, as far as the data are at hand."""
    if not problem.in_memory:
        return
    program, output = problem.program, problem.output
    bound = bind(program.inputs, {**problem.data, **problem.packing.unpack(problem.start)})
    shape = tuple(dim.evaluate(bound.sizes) for dim in output.type.shape)
    evaluation = evaluate_bound(program, bound, {output.name: filled(1.0, shape)})
    found = explain_nonfinite(program, evaluation, problem.wrt)
    if found is not None:
        yield found


def _parameters(
    program: Program, names: Sequence[str] | None, start: Collection[str]
) -> tuple[Var, ...]:
    """What is fitted, in order of declaration."""
    if names is not None or any(spec.kind == "param" for spec in program.inputs):
        chosen = program.wrt(names)
    else:
        chosen = program.wrt(start)
    if chosen:
        return chosen
    raise UsageError(
        [
            Diagnostic(
                "G0773",
                "nothing is to be fitted: the program declares no `param`, and no start is given",
                help="name the parameters, as in --start w=0, or declare them: param w",
            )
        ]
    )


def _bound(program: Program, wrt: Sequence[Var], given: _Given) -> Bound:
    """The data, and the start of each parameter; raises InputError with all that is wrong."""
    problems = [d for reading in given for d in reading.problems]
    fitted = [var.name for var in wrt]
    known = [spec.name for spec in program.inputs]
    for reading in (given.start, given.bounds):
        problems += [_no_parameter(n, fitted, known) for n in reading.values if n not in fitted]
    values = {**given.inputs.values}
    values |= {name: value for name, value in given.start.values.items() if name in fitted}
    unread: frozenset[str] | None = None
    if given.inputs.unread is not None and given.start.unread is not None:
        unread = given.inputs.unread | given.start.unread
        missing = [v for v in wrt if v.name not in values and v.name not in unread]
        unread |= {var.name for var in missing}
        problems += [_no_start(missing)] if missing else []
    try:
        bound = bind(program.inputs, values, program.requirements, program.source, unread)
    except InputError as error:
        raise InputError([*problems, *error.diagnostics]) from None
    if problems:
        raise InputError(problems)
    return bound


def _no_start(missing: Sequence[Var]) -> Diagnostic:
    names = ", ".join(
        f"`{v.name}{shape_text(v.type.shape) if v.type.shape else ''}`" for v in missing[:8]
    )
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    rank = [len(var.type.shape) for var in missing[:4]]
    example = " ".join(
        f"{var.name}={'[' * r}0{']' * r}" for var, r in zip(missing, rank, strict=False)
    )
    return Diagnostic(
        "G0772", f"no start is given for {names}{more}", help=f"give it as in --start {example}"
    )


def _no_parameter(name: str, fitted: Sequence[str], known: Sequence[str]) -> Diagnostic:
    if name in known:
        help = f"data are given with --inputs; the parameters are {', '.join(fitted[:8])}"
        return Diagnostic("G0773", f"`{name}` is not fitted", help=help)
    near = nearest(name, fitted)
    help = f"did you mean `{near}`?" if near else f"the parameters are {', '.join(fitted[:8])}"
    return Diagnostic("G0773", f"the program has no parameter `{name}`", help=help)
