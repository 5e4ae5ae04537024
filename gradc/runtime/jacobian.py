"""The Jacobian of array outputs, one row or one column at a time.

A row takes one call of `reverse`, a column one call of `tangent`; whichever needs fewer calls
is chosen by the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound, bind
from gradc.runtime.engines import PLAIN, Engine
from gradc.runtime.evaluate import call
from gradc.runtime.layout import Array
from gradc.runtime.sweeps import Progress, Sweeps

Mode = Literal["forward", "reverse"]


class Jacobian(NamedTuple):
    """The blocks d output / d input, each of shape output.shape + input.shape."""

    blocks: Mapping[tuple[str, str], Array]
    mode: Mode
    calls: int

    @property
    def how(self) -> str:
        """In which mode it was computed, and with how many sweeps."""
        return f"{self.mode} mode, {self.calls} {'sweep' if self.calls == 1 else 'sweeps'}"


def jacobian(
    program: Program, inputs: Mapping[str, object], wrt: Sequence[Var], engine: Engine = PLAIN
) -> Jacobian:
    """Every derivative of every element of the outputs with respect to `wrt`.

    Raises InputError for data that do not fit, NumericError where memory does not suffice.
    """
    bound = bind(program.inputs, inputs, program.requirements, program.source)
    return jacobian_of_bound(program, bound, wrt, engine)


def jacobian_of_bound(
    program: Program, bound: Bound, wrt: Sequence[Var], engine: Engine = PLAIN
) -> Jacobian:
    """As `jacobian`, of data that are bound already."""
    sweeps = Sweeps(program, wrt, bound, engine)
    mode, calls = fewest(sweeps)
    matrix = dense_matrix(sweeps)
    blocks = {}
    for y, i, shape in zip(sweeps.rows.names, sweeps.rows.parts(), sweeps.rows.shapes, strict=True):
        columns = sweeps.columns
        for x, j, inner in zip(columns.names, columns.parts(), columns.shapes, strict=True):
            blocks[y, x] = matrix[i, j].reshape(shape + inner)
    return Jacobian(blocks, mode, calls)


def fewest(sweeps: Sweeps) -> tuple[Mode, int]:
    """The mode that takes fewer sweeps for the whole matrix, and how many."""
    rows, columns = sweeps.rows.size, sweeps.columns.size
    return ("reverse", rows) if rows <= columns else ("forward", columns)


def dense_matrix(sweeps: Sweeps, progress: Progress | None = None) -> Array:
    """The whole Jacobian as a matrix, a sweep for each row or for each column.

    Raises NumericError where memory does not suffice.
    """
    mode, count = fewest(sweeps)
    matrix: Array = call(np.zeros, [(sweeps.rows.size, sweeps.columns.size), sweeps.dtype])
    unit = np.zeros(count)
    for k in range(count):
        unit[k] = 1.0
        if mode == "reverse":
            matrix[k, :] = sweeps.reverse(unit)
        else:
            matrix[:, k] = sweeps.forward(unit)
        unit[k] = 0.0
        if progress is not None:
            progress(k + 1, count)
    return matrix
