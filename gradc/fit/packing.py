"""Named parameters as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gradc.ir.graph import Var
from gradc.runtime.arrays import index_text

Array = NDArray[np.float64]
Value = float | Array


class Packing:
    """How the elements of several quantities stand in one vector: in order, row by row."""

    def __init__(self, variables: Sequence[Var], sizes: Mapping[str, int]) -> None:
        self.shapes = {
            var.name: tuple(dim.evaluate(sizes) for dim in var.type.shape) for var in variables
        }
        self.size = sum(map(math.prod, self.shapes.values()))

    def pack(self, values: Mapping[str, object]) -> Array:
        """The vector of the values of all quantities."""
        parts = [np.ravel(np.asarray(values[name], dtype=np.float64)) for name in self.shapes]
        return np.concatenate(parts) if parts else np.zeros(0)

    def joined(self, values: Sequence[object]) -> Array:
        """As `pack`, of values in order."""
        return self.pack(dict(zip(self.shapes, values, strict=True)))

    def unpack(self, vector: Array) -> dict[str, Value]:
        """The quantities by name: floats, and arrays that share no memory with the vector."""
        found: dict[str, Value] = {}
        start = 0
        for name, shape in self.shapes.items():
            end = start + math.prod(shape)
            part = vector[start:end]
            found[name] = part.reshape(shape).copy() if shape else float(part[0])
            start = end
        return found

    def elements(self) -> tuple[str, ...]:
        """The name of each element of the vector: `b`, `w[0]`."""
        return tuple(
            name + index_text(i, shape)
            for name, shape in self.shapes.items()
            for i in range(math.prod(shape))
        )
