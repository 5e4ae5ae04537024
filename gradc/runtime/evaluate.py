"""Running a program: every named value and every adjoint, from emitted code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradc.diagnostics import (
    Diagnostic,
    InputError,
    Label,
    NumericError,
    Span,
    UsageError,
)
from gradc.ir.evaluation import Evaluation
from gradc.ir.graph import DType, Graph, Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound, bind
from gradc.runtime.directions import directions
from gradc.runtime.engines import PLAIN, Engine, trace_of

# What `checked` of an emitted module says.
_OUT_OF_RANGE = re.compile("is read at index -?[0-9]+; allowed is ")

# What NumPy says of arrays with more elements than memory has addresses.
_BEYOND_ADDRESSES = re.compile("Maximum allowed|is too (?:big|large)")


def evaluate(
    program: Program,
    inputs: Mapping[str, object],
    seeds: Mapping[str, object] | None = None,
    engine: Engine = PLAIN,
) -> Evaluation:
    """Every named value, and the adjoint of every real quantity.

    `inputs` are as `bind` takes them.  `seeds` weighs the outputs by name, zero where it names
    none; without it the output must be one scalar, whose seed is 1.  Raises InputError for
    data that do not fit, UsageError where seeds are needed and NumericError where memory does
    not suffice.
    """
    return evaluate_bound(
        program, bind(program.inputs, inputs, program.requirements, program.source), seeds, engine
    )


def evaluate_bound(
    program: Program,
    bound: Bound,
    seeds: Mapping[str, object] | None = None,
    engine: Engine = PLAIN,
) -> Evaluation:
    """As `evaluate`, of data that are bound already."""
    weights = seed_values(program, bound.sizes, seeds)
    return Tracer(program, sizes=bound.sizes, engine=engine).at(bound.arrays.values(), weights)


class Tracer:
    """A program whose emitted trace is loaded, to be evaluated at any number of points."""

    def __init__(
        self,
        program: Program,
        every: bool = False,
        sizes: Mapping[str, int] | None = None,
        engine: Engine = PLAIN,
    ) -> None:
        """With `every`, quantities without a name are among the values.  `sizes` are those of the
        first point, for which the engine is chosen."""
        self._program = program
        self._trace, self._run = trace_of(program, every, sizes or {}, engine)

    def at(self, inputs: Iterable[object], weights: Sequence[object]) -> Evaluation:
        """Every value and every adjoint at a point, the outputs weighed as `seed_values` has it.

        Raises what `call` raises.
        """
        trace = self._trace
        values, adjoints = call(self._run, [*inputs, *weights], self._program)
        return Evaluation(
            dict(zip((var.name for var in trace.values), values, strict=True)),
            dict(zip((var.name for var in trace.adjoints), adjoints, strict=True)),
            frozenset(var.name for var in trace.structural_zeros),
        )

    def values(self, inputs: Iterable[object], weights: Sequence[object]) -> dict[Var, Any]:
        """Every value at a point, by its variable."""
        values, _ = call(self._run, [*inputs, *weights], self._program)
        return dict(zip(self._trace.values, values, strict=True))


def call(function: Any, arguments: Sequence[object], program: Program | None = None) -> Any:
    """Call emitted code; an index out of range that is read becomes an InputError, with its place
    where the program is given, running out of memory a NumericError."""
    try:
        return function(*arguments)
    except IndexError as error:
        if not _OUT_OF_RANGE.search(str(error)):
            raise
        place = () if program is None else _places(program.graph, str(error))
        source = None if program is None else program.source
        fault = Diagnostic("G0529", str(error), place, source=source)
        raise InputError([fault]) from None
    except (MemoryError, ValueError) as error:
        if isinstance(error, ValueError) and not _BEYOND_ADDRESSES.search(str(error)):
            raise
        raise NumericError(
            [
                Diagnostic(
                    "G0602",
                    f"the computation does not fit in memory: {error}",
                    help="use smaller sizes",
                )
            ]
        ) from None


def _places(graph: Graph, message: str) -> tuple[Label, ...]:
    """The place of the access that a message tells of: its text begins with that of the access."""
    pending = [graph]
    while pending:
        here = pending.pop()
        for equation in here.equations:
            pending.extend(equation.graphs())
            if equation.op != "checked" or equation.origin is None or here.source is None:
                continue
            text = equation.param("what")
            if message.startswith(f"{text} is read"):
                span = equation.origin.span
                start = here.source.text.find(text, span.start, span.end)
                if start >= 0:
                    span = Span(start, start + len(text))
                return (Label(span, "read here"),)
    return ()


def with_output(program: Program, name: str) -> Program:
    """The program with one of its real quantities as its only output.

    Raises UsageError where there is no such quantity.
    """
    for var in program.graph.named():
        if var.name == name and var.type.dtype is DType.REAL:
            return replace(program, graph=replace(program.graph, outputs=(var,)))
    real = [var.name for var in program.graph.named() if var.type.dtype is DType.REAL]
    raise UsageError(
        [
            Diagnostic(
                "G0403",
                f"`{name}` is not a real quantity of this program",
                help=f"choose one of: {', '.join(real[-8:])}",
            )
        ]
    )


def seed_values(
    program: Program, sizes: Mapping[str, int], seeds: Mapping[str, object] | None
) -> list[object]:
    """A weight for each output, in order; 1 for a single scalar, of which `seeds` need say nothing.

    Raises UsageError where there is no such scalar, InputError for weights that do not fit.
    """
    outputs = program.graph.outputs
    if seeds is not None:
        return directions(outputs, sizes, seeds)
    program.scalar_output()
    return [1.0]
