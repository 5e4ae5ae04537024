"""The elements of several quantities, one after another: the rows or the columns of a matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ir.graph import Var
from gradc.runtime.arrays import index_text

Array = NDArray[np.float64]


class Layout(NamedTuple):
    """Quantities in order, each with its elements in row-major order."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(variables: Sequence[Var], sizes: Mapping[str, int]) -> Layout:
        """The elements of some variables at given sizes."""
        shapes = tuple(tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in variables)
        return Layout(tuple(var.name for var in variables), shapes)

    @property
    def size(self) -> int:
        """The number of all elements."""
        return sum(map(prod, self.shapes))

    def parts(self) -> Iterator[slice]:
        """Where the elements of each quantity are."""
        start = 0
        for shape in self.shapes:
            stop = start + prod(shape)
            yield slice(start, stop)
            start = stop

    def split(self, vector: Array) -> list[object]:
        """One number for each element as a number or an array for each quantity."""
        return [
            vector[part].reshape(shape) if shape else float(vector[part][0])
            for part, shape in zip(self.parts(), self.shapes, strict=True)
        ]

    def joined(self, values: Sequence[object]) -> Array:
        """A number or an array for each quantity as one vector."""
        vector = np.empty(self.size)
        for part, value in zip(self.parts(), values, strict=True):
            vector[part] = np.ravel(value)  # type: ignore[call-overload]
        return vector

    def elements(self) -> Iterator[str]:
        """The name of each element: `b`, `w[0]`, `W[0,1]`."""
        for name, shape in zip(self.names, self.shapes, strict=True):
            for flat in range(prod(shape)):
                yield _named(name, shape, flat)

    def element(self, position: int) -> str:
        """The name of one element."""
        for name, shape, part in zip(self.names, self.shapes, self.parts(), strict=True):
            if position < part.stop:
                return _named(name, shape, position - part.start)
        raise IndexError(position)


def _named(name: str, shape: tuple[int, ...], flat: int) -> str:
    return name + index_text(flat, shape).replace(" ", "")
