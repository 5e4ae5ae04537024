"""A scalar objective whose data are read in blocks of rows: files longer than memory.

Each evaluation reads the rows once more, or as often as the program needs.  Deliberately absent:
residuals, whose Jacobian would be as long as the data, and second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradc.fit.problem import Problem, Slope
from gradc.ir.graph import Var
from gradc.runtime.bind import Bound
from gradc.runtime.split import RowSplit
from gradc.runtime.workers import Apply

Array = NDArray[np.float64]
Blocks = Callable[[], Iterator[tuple[int, Mapping[str, NDArray[Any]]]]]


class BlockProblem(Problem):
    """A program with data that come in blocks."""

    in_memory = False

    def __init__(
        self,
        split: RowSplit,
        wrt: Sequence[Var],
        bound: Bound,
        objective: str,
        blocks: Blocks,
        length: int,
        apply: Apply | None = None,
    ) -> None:
        """`bound` holds the data without rows; `length` is the number of rows, or 0 where the
        files do not say it; `apply` computes blocks, else they are computed here."""
        super().__init__(split.program, wrt, bound, objective)
        self._split = split
        self._blocks = blocks
        self._length = length
        self._apply = apply
        self._sizes = bound.sizes
        self._last: tuple[Array, Slope] | None = None

    def slope(self, point: Array) -> Slope:
        if self._last is None or not np.array_equal(self._last[0], point):
            self.evaluations += 1
            arrays: dict[str, Any] = {**self.data, **self.packing.unpack(point)}
            here = Bound(self._sizes, arrays)
            total = self._split.evaluate(here, self._blocks, self._length, self._apply)
            self._last = (point.copy(), Slope(total.value, self.packing.pack(total.gradient)))
        return self._last[1]

    def value(self, point: Array) -> float:
        return self.slope(point).objective
