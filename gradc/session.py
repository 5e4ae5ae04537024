"""One request of `gradc run`: read data, evaluate, and say what there is to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gradc.diagnostics import Diagnostic, InputError, UsageError
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.report.run import (
    FileSection,
    Section,
    file_table,
    run_json,
    run_table,
    section_table,
)
from gradc.runtime.bind import Bound, bind
from gradc.runtime.directions import filled
from gradc.runtime.engines import PLAIN, Engine
from gradc.runtime.evaluate import (
    evaluate_bound,
    with_output,
)
from gradc.runtime.inputs import read_inputs, read_what_can_be
from gradc.runtime.nonfinite import explain_nonfinite

if TYPE_CHECKING:
    from gradc.runtime.matrix import Matrix

NUMERIC_FAILURE = 4


class Request(NamedTuple):
    """What the user asks for."""

    specs: Sequence[str] = ()
    wrt: Sequence[str] | None = None
    seed_output: str | None = None  # NAME or NAME=WEIGHTS
    jacobian: bool = False
    hessian: bool = False
    jvp: Sequence[str] = ()  # a direction, given as inputs are
    hvp: Sequence[str] = ()
    jacobian_file: str | None = None  # where the whole matrix is to be written
    hessian_file: str | None = None
    engine: Engine = PLAIN

    @property
    def wants_jacobian(self) -> bool:
        """Whether it is printed, written or both."""
        return self.jacobian or self.jacobian_file is not None


class MatrixFile(NamedTuple):
    """A matrix that is to be written, and where to."""

    path: str
    matrix: Matrix
    section: FileSection


@dataclass(frozen=True)
class Result:
    """The numbers, what they are of, and remarks about them."""

    program: Program
    evaluation: Evaluation
    wrt: tuple[Var, ...]
    output: str | None  # what the derivatives are of; None where there are none
    sections: tuple[Section, ...]
    notes: tuple[Diagnostic, ...]
    exit_code: int
    files: tuple[MatrixFile, ...] = ()

    def json(self) -> str:
        """The result as strict JSON."""
        files = [file.section for file in self.files]
        return run_json(self.program, self.evaluation, self.wrt, self.sections, files)

    def text(self, width: int | None = None) -> str:
        """The result as tables."""
        tables = [run_table(self.program, self.evaluation, self.output, width)]
        tables += [section_table(section, width) for section in self.sections]
        tables += [file_table(file.section, width) for file in self.files]
        return "\n\n".join(tables)


def run(
    program: Program,
    request: Request,
    stdin: Callable[[], str],
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Evaluate a program on the data that a request names.

    `progress` is told of the sweeps for a matrix that is to be written: how many are done, of how
    many.  Raises InputError for data that do not fit, UsageError for a request that does not.
    """
    if request.wants_jacobian and request.seed_output:
        raise UsageError(
            [
                Diagnostic(
                    "G0704",
                    "--jacobian and --seed-output exclude each other",
                    help="--seed-output gives the derivative of one scalar",
                )
            ]
        )
    wrt = program.wrt(request.wrt)
    bound = bind_specs(program, request.specs, stdin)
    seeded, evaluation, output = evaluate_for(program, bound, request)
    sections = tuple(_sections(seeded, bound, wrt, request, stdin))
    files = tuple(_files(seeded, bound, wrt, request, progress))
    notes: list[Diagnostic] = []
    if output is None and not (request.wants_jacobian or request.jvp):
        notes.append(replace(program.needs_a_choice(), severity="warning"))
    fault = explain_nonfinite(seeded, evaluation, wrt)
    faults = [fault] if fault else []
    faults += [found for file in files if (found := file.matrix.not_finite(file.path))]
    notes += faults
    code = NUMERIC_FAILURE if faults else 0
    return Result(seeded, evaluation, wrt, output, sections, tuple(notes), code, files)


def _sections(
    program: Program,
    bound: Bound,
    wrt: tuple[Var, ...],
    request: Request,
    stdin: Callable[[], str],
) -> Iterator[Section]:
    """The further derivatives that were asked for, in a fixed order."""
    if not (request.jacobian or request.hessian or request.jvp or request.hvp):
        return
    from gradc.runtime.jacobian import jacobian_of_bound
    from gradc.runtime.products import hessian_of_bound, hvp_of_bound, jvp_of_bound

    if request.jvp:
        direction = read_inputs(request.jvp, stdin)
        found = jvp_of_bound(program, bound, wrt, direction, request.engine)
        cells = {f"{name}_dot": value for name, value in found.items()}
        yield Section("jvp", "Along the direction: X_dot, by forward mode", cells, found)
    if request.jacobian:
        jacobian = jacobian_of_bound(program, bound, wrt, request.engine)
        cells = {f"d{y}/d{x}": block for (y, x), block in jacobian.blocks.items()}
        yield Section(
            "jacobian", f"Jacobian ({jacobian.how})", cells, nested_blocks(jacobian.blocks)
        )
    if request.hvp:
        direction = read_inputs(request.hvp, stdin)
        found = hvp_of_bound(program, bound, wrt, direction, request.engine)
        cells = {f"d{name}_dot": value for name, value in found.items()}
        title = "Hessian times the direction: dX_dot, by forward mode of reverse mode"
        yield Section("hvp", title, cells, found)
    if request.hessian:
        hessian = hessian_of_bound(program, bound, wrt, request.engine)
        output = program.graph.outputs[0].name
        cells = {f"d2{output}/(d{x} d{y})": block for (x, y), block in hessian.blocks.items()}
        yield Section("hessian", f"Hessian ({hessian.how})", cells, nested_blocks(hessian.blocks))


def _files(
    program: Program,
    bound: Bound,
    wrt: tuple[Var, ...],
    request: Request,
    progress: Callable[[int, int], None] | None,
) -> Iterator[MatrixFile]:
    """The matrices that are to be written."""
    if request.jacobian_file is None and request.hessian_file is None:
        return
    from gradc.runtime.matrices import hessian_matrix, jacobian_matrix
    from gradc.runtime.matrix_files import sparse_format

    for key, path, make in (
        ("jacobian", request.jacobian_file, jacobian_matrix),
        ("hessian", request.hessian_file, hessian_matrix),
    ):
        if path is not None:
            matrix = make(program, bound, wrt, not sparse_format(path), progress, request.engine)
            title = f"{key.capitalize()} ({matrix.how})"
            said = FileSection(
                key, title, path, matrix.shape, matrix.stored, matrix.mode, matrix.sweeps
            )
            yield MatrixFile(path, matrix, said)


def nested_blocks(blocks: Mapping[tuple[str, str], object]) -> dict[str, dict[str, object]]:
    """Blocks by pairs of names as nested mappings."""
    nested: dict[str, dict[str, object]] = {}
    for (y, x), block in blocks.items():
        nested.setdefault(y, {})[x] = block
    return nested


def bind_specs(program: Program, specs: Sequence[str], stdin: Callable[[], str]) -> Bound:
    """The data that the arguments of a command name, bound to the inputs of a program.

    Raises InputError with the problems of reading and of binding together.
    """
    reading = read_what_can_be(specs, stdin)
    found = list(reading.problems)
    try:
        bound = bind(
            program.inputs,
            reading.values,
            program.requirements,
            program.source,
            reading.unread,
        )
    except InputError as error:
        raise InputError([*found, *error.diagnostics]) from None
    if found:
        raise InputError(found)
    return bound


def _seeded(program: Program, seed: str | None) -> tuple[Program, Mapping[str, object] | None]:
    """The program with the output that is differentiated, and its weights if any are given."""
    if seed is None:
        return program, None
    if "=" not in seed:
        return with_output(program, seed.strip()), None
    weights = read_inputs([seed], lambda: "")
    if len(weights) != 1:
        raise UsageError([Diagnostic("G0704", "--seed-output takes one NAME or one NAME=WEIGHTS")])
    return with_output(program, next(iter(weights))), weights


class Seeded(NamedTuple):
    """What is differentiated: a program with that output, the weights of its elements, its name.

    Without weights the output is one scalar.  Where nothing says which output is meant, all are
    summed and there is no name.
    """

    program: Program
    weights: Mapping[str, object] | None
    output: str | None


def seeded_for(program: Program, bound: Bound, seed_output: str | None) -> Seeded:
    """What a request asks to be differentiated, or what a program has as its output."""
    seeded, weights = _seeded(program, seed_output)
    outputs = seeded.graph.outputs
    if weights is not None or seeded.is_scalar_valued:
        return Seeded(seeded, weights, outputs[0].name)
    ones = {
        var.name: filled(1.0, tuple(dim.evaluate(bound.sizes) for dim in var.type.shape))
        for var in outputs
    }
    return Seeded(seeded, ones, outputs[0].name if seed_output else None)


def evaluate_for(
    program: Program, bound: Bound, request: Request
) -> tuple[Program, Evaluation, str | None]:
    """The program with the output that is differentiated, its numbers, and that output's name.

    Where nothing says which output is meant, there are no adjoints, and no name.
    """
    seeded, weights, output = seeded_for(program, bound, request.seed_output)
    evaluation = evaluate_bound(seeded, bound, weights, request.engine)
    if output is None:
        evaluation = evaluation._replace(adjoints={}, structural_zeros=frozenset())
    return seeded, evaluation, output
