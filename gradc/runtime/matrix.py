"""A matrix as people and programs take it: numbers, and what its rows and columns are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.diagnostics import Diagnostic
from gradc.runtime.layout import Array, Layout

Places = NDArray[np.int64]

_BAND = 2**20  # about so many numbers are taken at a time


class Entries(NamedTuple):
    """A sparse matrix: `values[k]` stands at `rows[k]`, `columns[k]`; all else is zero.

    Places ascend by row and then by column, and none occurs twice.
    """

    rows: Places
    columns: Places
    values: Array
    shape: tuple[int, int]

    def dense(self) -> Array:
        """The whole matrix."""
        return self._band(0, self.shape[0])

    def bands(self) -> Iterator[Array]:
        """The whole matrix, some rows at a time."""
        height = max(1, _BAND // max(1, self.shape[1]))
        for first in range(0, self.shape[0], height):
            yield self._band(first, min(first + height, self.shape[0]))

    def _band(self, first: int, stop: int) -> Array:
        matrix = np.zeros((stop - first, self.shape[1]), self.values.dtype)
        here = slice(*np.searchsorted(self.rows, [first, stop]))
        matrix[self.rows[here] - first, self.columns[here]] = self.values[here]
        return matrix


class Matrix(NamedTuple):
    """A Jacobian or a Hessian as one matrix."""

    rows: Layout
    columns: Layout
    numbers: Array | Entries
    mode: str
    sweeps: int
    symmetric: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        return self.rows.size, self.columns.size

    @property
    def entries(self) -> Entries:
        """The numbers with their places; all of them where nothing is known to be zero."""
        return self.numbers if isinstance(self.numbers, Entries) else _all_entries(self.numbers)

    @property
    def stored(self) -> int:
        """The number of entries."""
        numbers = self.numbers
        return int((numbers.values if isinstance(numbers, Entries) else numbers).size)

    def not_finite(self, name: str) -> Diagnostic | None:
        """A warning that a number is NaN or an infinity; `name` is that of the file."""
        numbers = self.numbers
        values = numbers.values if isinstance(numbers, Entries) else numbers
        bad = np.flatnonzero(~np.isfinite(values))
        if not bad.size:
            return None
        first = int(bad[0])
        if isinstance(numbers, Entries):
            row, column = int(numbers.rows[first]), int(numbers.columns[first])
        else:
            row, column = divmod(first, self.shape[1])
        place = f"row {row + 1} ({self.rows.element(row)}), column {column + 1}"
        place += f" ({self.columns.element(column)})"
        verb = "is" if bad.size == 2 else "are"
        more = f", and so {verb} {bad.size - 1:,} more" if bad.size > 1 else ""
        message = f"{name} is not finite: {place} is {float(values.flat[first])}{more}"
        return Diagnostic("G0601", message, severity="warning")

    def bands(self) -> Iterator[Array]:
        """The whole matrix, some rows at a time."""
        if isinstance(self.numbers, Entries):
            yield from self.numbers.bands()
        else:
            yield self.numbers

    @property
    def how(self) -> str:
        """In which mode it was computed, and with how many sweeps for how many rows or columns."""
        sweeps = f"{self.sweeps:,} {'sweep' if self.sweeps == 1 else 'sweeps'}"
        if not isinstance(self.numbers, Entries):
            return f"{self.mode} mode, {sweeps}"
        height, width = (f"{size:,}" for size in self.shape)
        of = {"reverse": f"{height} rows", "forward": f"{width} columns"}
        return f"{self.mode} mode, {sweeps} for {of.get(self.mode, f'{height} x {width}')}"


def _all_entries(matrix: Array) -> Entries:
    height, width = matrix.shape
    rows = np.repeat(np.arange(height), width)
    return Entries(rows, np.tile(np.arange(width), height), matrix.reshape(-1), (height, width))
