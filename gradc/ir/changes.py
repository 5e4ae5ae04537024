"""What moving the inputs of a program does to its quantities, as data.

`runtime` computes these and `report` shows them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Change(NamedTuple):
    """What one real quantity does: all of its shape, scalars as arrays without axes."""

    actual: Array
    predicted: Array  # by the derivative at the first point
    round_off: Array  # about how much of the actual change rounding may be

    @property
    def error(self) -> Array:
        """What the prediction misses."""
        return self.actual - self.predicted


class Size(NamedTuple):
    """A change at one size of the nudge as numbers; of an array, its norm."""

    scale: float
    actual: float
    predicted: float
    error: float  # never negative
    round_off: float
    order: float | None = None  # by which the error falls from the next larger size

    @property
    def seen(self) -> bool:
        """Whether the error is more than round-off."""
        return self.error > self.round_off

    @property
    def relative_error(self) -> float:
        """How much of the actual change the prediction misses; 0 where round-off hides it."""
        if not self.seen:
            return 0.0
        return self.error / abs(self.actual) if self.actual else math.inf

    @property
    def finite(self) -> bool:
        """Whether all of it is a number."""
        return all(map(math.isfinite, (self.actual, self.predicted, self.round_off)))


Trend = Literal["linear", "exact", "smooth", "kink", "jump", "between", "round-off", "not finite"]


class Sweep(NamedTuple):
    """A change at several sizes of the nudge, the largest first, and what they show together.

    `linear` is so by the structure of the program, `exact` as far as the numbers tell; of an order
    of error, 2 and more is `smooth`, 1 a `kink`, 0 a `jump` and no whole number `between`.
    """

    sizes: tuple[Size, ...]
    trend: Trend
    order: float | None = None

    @property
    def hidden(self) -> float | None:
        """The scale at which round-off takes over, if it does."""
        return next((size.scale for size in self.sizes if size.finite and not size.seen), None)
