"""Each row of a table as one observation: outputs and derivatives for every row.

The program is repeated over a row index (`ops.batching`) and differentiated and emitted as any
other; one call computes a block of rows.  Rows do not meet, so the derivative of all rows'
outputs together, weighted by ones, is each row's own.

Invariant: each row has the numbers of a single run of it.  Deliberately absent: where the rows
come from (`sources`) and where the results go (`rows_output`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradc.ad.reverse import vjp
from gradc.diagnostics import Diagnostic, InputError
from gradc.ir.dims import Dim
from gradc.ir.graph import INT, Graph, Type, Var
from gradc.ir.program import Program
from gradc.ops.batching import batch_graph
from gradc.pipeline import prepared
from gradc.runtime.bind import Bound
from gradc.runtime.evaluate import call
from gradc.runtime.load import load_functions
from gradc.targets.python.emit import emit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

# Blocks are so many rows that what is computed of them takes about so many bytes.
_BYTES = 24 * 2**20
_MOST_ROWS = 65_536


class Result(NamedTuple):
    """One result of every row: an output, or its derivative with respect to an input."""

    name: str  # `J`, or `dJ/da`
    shape: tuple[int, ...]  # for one row
    output: str
    input: str | None
    input_rank: int = 0

    def elements(self) -> Iterator[str]:
        """The name of each element: `dJ/dw[0]`, `dy[1]/dw[0]`."""
        rank = len(self.shape)
        for index in product(*map(range, self.shape)):
            if self.input is None:
                yield f"{self.output}{_subscript(index)}"
            else:
                split = rank - self.input_rank
                yield (
                    f"d{self.output}{_subscript(index[:split])}"
                    f"/d{self.input}{_subscript(index[split:])}"
                )


def _subscript(index: Sequence[int]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""


class Observer:
    """A program whose inputs in `observed` have a value of their own in each row."""

    def __init__(
        self, program: Program, wrt: Sequence[Var], observed: Collection[str], bound: Bound
    ) -> None:
        """`bound` are the data of one row, of which those that are not observed are shared."""
        self.program = program
        self.observed = frozenset(observed)
        self.bound = bound
        self.wrt = tuple(var.name for var in wrt)
        outputs = program.graph.outputs
        shapes = [self._shape(var) for var in outputs]
        sides = [self._shape(var) for var in wrt]
        self.outputs = [
            Result(var.name, shape, var.name, None)
            for var, shape in zip(outputs, shapes, strict=True)
        ]
        self.derivatives = [
            Result(f"d{y.name}/d{x.name}", (*shape, *side), y.name, x.name, len(side))
            for y, shape in zip(outputs, shapes, strict=True)
            for x, side in zip(wrt, sides, strict=True)
        ]
        backwards = sum(map(prod, shapes)) <= sum(map(prod, sides))
        self.mode = "reverse" if backwards else "forward"
        batched, changed = repeated(program, {*observed, *self.wrt}, self.wrt)
        self._seeds = list(_units(shapes if backwards else sides))
        emitted = emit(batched, changed, self.mode)
        self._functions = load_functions(emitted.text, program.source.name)
        self.text = emitted.text
        width = _width(batched, changed, bound.sizes)
        self.rows = int(min(max(_BYTES // max(width, 1), 1), _MOST_ROWS))

    @property
    def results(self) -> list[Result]:
        """The outputs, then the derivatives of each with respect to each input."""
        return [*self.outputs, *self.derivatives]

    def _shape(self, var: Var) -> tuple[int, ...]:
        return tuple(dim.evaluate(self.bound.sizes) for dim in var.type.shape)

    def observe(self, rows: int, values: Mapping[str, Array]) -> list[Array]:
        """The results of some rows, each of shape [rows, ...], in the order of `results`.

        Raises InputError, with the row, where a row reads an array out of its range.
        """
        arguments = []
        for spec in self.program.inputs:
            if spec.name in values:
                arguments.append(values[spec.name])
            else:
                shared: Any = np.asarray(self.bound.arrays[spec.name])
                if spec.name in self.wrt:
                    shared = np.broadcast_to(shared, (rows, *shared.shape))
                arguments.append(shared)
        return self._called(rows, arguments)

    def _called(self, rows: int, arguments: Sequence[Array]) -> list[Array]:
        many = len(self.outputs) > 1
        kind = self.program.precision.value
        blocks = [np.zeros((rows, *result.shape), kind) for result in self.derivatives]
        width = len(self.wrt)
        if self.mode == "reverse":
            values, saved = call(self._functions["forward"], arguments)
            for which, index, shapes in self._seeds:
                seeds = [_seed(rows, s, index if i == which else None) for i, s in shapes]
                adjoints = call(self._functions["reverse"], [saved, *seeds])
                for j, adjoint in enumerate(adjoints):
                    blocks[which * width + j][_every(index)] = adjoint
        else:
            values = None
            for which, index, shapes in self._seeds:
                seeds = [_seed(rows, s, index if i == which else None) for i, s in shapes]
                values, tangents = call(self._functions["tangent"], [*arguments, *seeds])
                for i, tangent in enumerate(tangents if many else (tangents,)):
                    blocks[i * width + which][_last(index)] = tangent
            if values is None:
                values, _ = call(self._functions["tangent"], [*arguments, *self._still(rows)])
        found = [np.asarray(value) for value in (values if many else (values,))]
        return [*found, *blocks]

    def _still(self, rows: int) -> list[Array]:
        """Zero directions, for a program whose inputs have no element."""
        bound = {name: np.shape(self.bound.arrays[name]) for name in self.wrt}
        return [np.zeros((rows, *shape)) for shape in bound.values()]

    def faulty_row(self, rows: int, values: Mapping[str, Array]) -> tuple[int, Diagnostic] | None:
        """The first of some rows that cannot be computed by itself, and why."""
        for row in range(rows):
            try:
                self.observe(1, {name: value[row : row + 1] for name, value in values.items()})
            except InputError as error:
                return row, error.diagnostics[0]
        return None


def repeated(
    program: Program, names: Collection[str], wrt: Collection[str]
) -> tuple[Program, tuple[Var, ...]]:
    """The program for many rows, with a new first axis on some of its inputs, and those of the
    inputs in `wrt`."""
    graph = program.graph
    size = "rows"
    while size in _names(graph):
        size += "_"
    label = Var("row", INT)
    labels = [(label,) if var.name in names else () for var in graph.inputs]
    batched, _ = batch_graph(graph, labels, {label: Dim.of(size)}, (label,))
    inputs = tuple(
        spec._replace(type=var.type)
        for spec, var in zip(program.inputs, batched.inputs, strict=True)
    )
    changed = tuple(var for var in batched.inputs if var.name in wrt)
    return replace(program, graph=batched, inputs=inputs, constants=frozenset()), changed


def _names(graph: Graph) -> set[str]:
    """All names in a graph, and in the graphs of the functions that it calls."""
    names: set[str] = set()
    pending, seen = [graph], {graph}
    while pending:
        here = pending.pop()
        names.update(here.names())
        for equation in here.equations:
            pending += [inner for inner in equation.graphs() if inner not in seen]
            seen.update(equation.graphs())
    return names


def _units(
    shapes: Sequence[tuple[int, ...]],
) -> Iterator[tuple[int, tuple[int, ...], list[tuple[int, tuple[int, ...]]]]]:
    """Every element of several arrays: which array, its index, and all their shapes."""
    numbered = list(enumerate(shapes))
    for which, shape in numbered:
        for index in product(*map(range, shape)):
            yield which, index, numbered


def _every(index: tuple[int, ...]) -> tuple[slice | int, ...]:
    """An element of every row."""
    return (slice(None), *index)


def _last(index: tuple[int, ...]) -> tuple[Any, ...]:
    """Elements on the last axes."""
    return (Ellipsis, *index)


def _seed(rows: int, shape: tuple[int, ...], index: tuple[int, ...] | None) -> Array:
    seed = np.zeros((rows, *shape))
    if index is not None:
        seed[_every(index)] = 1.0
    return seed


def _width(program: Program, wrt: Sequence[Var], sizes: Mapping[str, int]) -> int:
    """About how many bytes one row takes while it is computed: all results of all equations."""
    graph = vjp(prepared(program).graph, wrt).graph
    known = {name: 1 for var in graph.inputs for dim in var.type.shape for name in dim.names()}
    known.update(sizes)
    computed = sum(_elements(out.type, known) for eq in graph.equations for out in eq.outs)
    return 8 * (computed + sum(_elements(var.type, known) for var in graph.inputs))


def _elements(type: Type, sizes: Mapping[str, int]) -> int:
    return prod(dim.evaluate(sizes) for dim in type.shape)
