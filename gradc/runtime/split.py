"""Value and gradient of a program over more rows than fit in memory, or over rows in many places.

`RowSplit` emits the stages of `passes.splitting` as modules of Python, each with one function
`values`.  For each stage: `before` gives what it reads besides rows, `part` the sums for some
rows, and `joined` the sums for all from those for parts.  `finish` gives value and gradient.
`evaluate` does all of it; workers, where there are some, run the emitted text of `part`, and send
sums.

Invariant: as `passes.splitting`, the numbers are those of the whole program to rounding, whatever
the parts are; sums of parts are added in groups, so that rounding does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradc.ad.gradient import gradient
from gradc.diagnostics import Diagnostic, Label, UsageError
from gradc.ir.graph import DType, Graph, Var
from gradc.ir.interface import InputSpec
from gradc.ir.precision import Precision
from gradc.ir.program import Program
from gradc.passes.row_axis import MixedRowsError
from gradc.passes.splitting import split
from gradc.passes.stages import joining
from gradc.pipeline import prepared
from gradc.runtime.bind import Bound
from gradc.runtime.evaluate import call
from gradc.runtime.load import load_functions
from gradc.runtime.workers import Apply
from gradc.targets.python.emit import emit_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Values = tuple[Any, ...]
Blocks = Callable[[], Iterable[tuple[int, Mapping[str, "Array"]]]]

# So many sums of parts are joined at a time.
_GROUP = 64

_BYTES = 24 * 2**20
_MOST_ROWS = 65_536


class Total(NamedTuple):
    """Value and gradient over all rows."""

    value: float
    gradient: dict[str, Any]
    rows: int


class _Stage(NamedTuple):
    """The emitted text of one stage, and what is read from it."""

    before: str
    part: str
    joined: str


class RowSplit:
    """A program with one scalar output, split along the axis of a named size.

    Raises UsageError, with the equation, for a program that brings rows together, and where
    there is no single scalar output.
    """

    def __init__(
        self,
        program: Program,
        wrt: Sequence[Var],
        rows: str,
        given_by_rows: Iterable[str],
        known_length: bool = False,
    ) -> None:
        """`given_by_rows` names the inputs of which some rows come at a time; with
        `known_length`, `before` of the first stage is told how many there are."""
        self.program = program
        self.rows = rows
        self.given_by_rows = frozenset(given_by_rows)
        self.wrt = tuple(var.name for var in wrt)
        self.known_length = known_length
        self._specs = {spec.name: spec for spec in program.inputs}
        self._check_inputs()
        output = program.scalar_output()
        graph = prepared(program).graph
        derived = gradient(graph, wrt)
        whole = replace(derived, outputs=(output, *derived.outputs))
        try:
            found = split(whole, rows, known_length)
        except MixedRowsError as error:
            raise UsageError([self._mixed(error)]) from None
        for need in program.requirements:
            if rows in need.dim.names():
                raise UsageError([_why(program, f"{need.what} for some {rows}")])
        self._lengths = tuple(dim for _, dim in found.lengths)
        self.stages = tuple(
            _Stage(
                self._emitted(stage.before),
                self._emitted(stage.graph),
                self._emitted(joining([var.type for var in sums], stage.joins)),
            )
            for stage, sums in zip(found.stages, found.sums, strict=True)
        )
        self.last = self._emitted(found.last)
        self._functions: dict[str, Callable[..., Values]] = {}
        equations = (eq for stage in found.stages for eq in stage.graph.equations)
        self._types = [out.type for equation in equations for out in equation.outs]
        self._types += [spec.type for spec in program.inputs if spec.name in self.given_by_rows]

    @property
    def passes(self) -> int:
        """How often the rows are read."""
        return len(self.stages)

    def block_rows(self, shared: Bound) -> int:
        """How many rows take a few megabytes while they are computed."""
        sizes = {**shared.sizes, self.rows: 1}
        width = 8 * sum(prod(dim.evaluate(sizes) for dim in kind.shape) for kind in self._types)
        return min(max(_BYTES // max(width, 1), 1), _MOST_ROWS)

    def _check_inputs(self) -> None:
        for name in self.wrt:
            if name in self.given_by_rows:
                what = f"the derivative with respect to `{name}` has an element for each row"
                found = _why(self.program, what, self._specs[name])
                help = "name with --wrt what is the same for all rows"
                if self._specs[name].kind != "param":
                    help += ", or declare that `param`"
                raise UsageError([replace(found, help=help)])
        for spec in self.program.inputs:
            dims = [*spec.type.shape, *([] if spec.below is None else [spec.below])]
            if not any(self.rows in dim.names() for dim in dims):
                continue
            if spec.below is not None and self.rows in spec.below.names():
                raise UsageError([_why(self.program, f"`{spec.name}` holds numbers of rows", spec)])
            if spec.name not in self.given_by_rows:
                what = f"`{spec.name}` has the size {self.rows} too, and comes as a whole"
                raise UsageError([_why(self.program, what, spec)])
            if spec.type.shape[0].symbol != self.rows:
                what = f"the rows of `{spec.name}` are not its first axis"
                raise UsageError([_why(self.program, what, spec)])

    def _mixed(self, error: MixedRowsError) -> Diagnostic:
        origin = None if error.equation is None else error.equation.origin
        labels = () if origin is None else (Label(origin.span, "here"),)
        return replace(_why(self.program, str(error)), labels=labels, source=self.program.source)

    def _emitted(self, graph: Graph) -> str:
        specs = tuple(
            self._specs.get(var.name, InputSpec(var.name, var.type)) for var in graph.inputs
        )
        return emit_values(
            replace(self.program, graph=graph, inputs=specs, requirements=(), constants=frozenset())
        )

    # The steps

    def before(self, stage: int, shared: Bound, sums: Sequence[Values], length: int) -> Values:
        """What a stage reads besides rows, from the inputs that all rows share and the sums of
        the stages before; `length` is the number of rows, 0 where it is not known yet."""
        return self._free(self.stages[stage].before, shared, sums, length)

    def part(self, stage: int, shared: Bound, rows: Mapping[str, Array], before: Values) -> Values:
        """The sums of a stage for some rows of the inputs; raises InputError."""
        return self._run(self.stages[stage].part, [*self._arguments(shared, rows), *before])

    def joined(self, stage: int, parts: Sequence[Values]) -> Values:
        """The sums of a stage for all rows, from those for parts of them."""
        if len(parts) == 1:
            return parts[0]
        stacked = [np.stack(each) for each in zip(*parts, strict=True)]
        return self._run(self.stages[stage].joined, stacked)

    def finish(self, shared: Bound, sums: Sequence[Values], length: int) -> Total:
        """Value and gradient from the sums of all stages."""
        value, *adjoints = self._free(self.last, shared, sums, length)
        if self.program.precision is Precision.DOUBLE:
            value = float(value)
        return Total(value, dict(zip(self.wrt, adjoints, strict=True)), length)

    def evaluate(
        self, shared: Bound, blocks: Blocks, length: int = 0, apply: Apply | None = None
    ) -> Total:
        """Value and gradient; `apply` computes the parts, else they are computed here.

        `shared` are the inputs without rows, and all sizes but that of rows.  `blocks` gives all
        rows from the first, as their
        number and the arrays by name, each time it is called.  Raises InputError for rows that
        read out of range.
        """
        sums: list[Values] = []
        for stage in range(self.passes):
            read = self.before(stage, shared, sums, length)
            parts: list[list[Values]] = [[]]
            counts: list[int] = []
            arguments = self._parts(blocks, shared, read, counts)
            for each in self._applied(self.stages[stage].part, arguments, apply):
                self._add(stage, parts, each)
            length = sum(counts)
            if not length:
                parts[0].append(self.part(stage, shared, self._no_rows(shared), read))
            sums.append(self.joined(stage, [each for level in reversed(parts) for each in level]))
        return self.finish(shared, sums, length)

    def _parts(
        self, blocks: Blocks, shared: Bound, read: Values, counts: list[int]
    ) -> Iterator[list[Any]]:
        """The arguments for each block; their numbers of rows are added to `counts`."""
        for number, rows in blocks():
            counts.append(number)
            yield [*self._arguments(shared, rows), *read]

    def _applied(
        self, text: str, arguments: Iterator[list[Any]], apply: Apply | None
    ) -> Iterator[Values]:
        if apply is None:
            yield from (self._run(text, each) for each in arguments)
            return
        with closing(apply(text, arguments)) as results:
            # What is raised elsewhere has the meaning that it has here.
            while (found := call(next, [results, None], self.program)) is not None:
                yield found

    def _add(self, stage: int, parts: list[list[Values]], new: Values) -> None:
        """Add the sums for a part; each level holds sums of `_GROUP` of those of the one before."""
        for level in parts:
            level.append(new)
            if len(level) < _GROUP:
                return
            new = self.joined(stage, level)
            level.clear()
        parts.append([new])

    # Calls

    def _free(self, text: str, shared: Bound, sums: Sequence[Values], length: int) -> Values:
        sizes = {**shared.sizes, self.rows: length}
        lengths = [dim.evaluate(sizes) for dim in self._lengths]
        arguments = self._arguments(shared, self._no_rows(shared))
        return self._run(text, [*arguments, *lengths, *(v for each in sums for v in each)])

    def _arguments(self, shared: Bound, rows: Mapping[str, Array]) -> list[Any]:
        return [rows[name] if name in rows else shared.arrays[name] for name in self._specs]

    def _no_rows(self, shared: Bound) -> dict[str, Array]:
        """Arrays without rows for the inputs that have them."""
        found: dict[str, Array] = {}
        sizes = shared.sizes
        for name in self.given_by_rows:
            spec = self._specs[name]
            shape = tuple(dim.evaluate(sizes) for dim in spec.type.shape[1:])
            kind = np.int64 if spec.type.dtype is DType.INT else np.float64
            found[name] = np.zeros((0, *shape), dtype=kind)
        return found

    def _run(self, text: str, arguments: Sequence[Any]) -> Values:
        if text not in self._functions:
            self._functions[text] = load_functions(text, self.program.source.name)["values"]
        found: Values = call(self._functions[text], arguments, self.program)
        return found


def _why(program: Program, what: str, spec: InputSpec | None = None) -> Diagnostic:
    labels: tuple[Label, ...] = ()
    if spec is not None and spec.span is not None:
        labels = (Label(spec.span, f"{spec.name} is declared here"),)
    return Diagnostic(
        "G0548",
        f"the program cannot be computed some rows at a time: {what}",
        labels,
        source=program.source,
        help="rows must meet in sums, maxima and other reductions over all of them only",
    )
