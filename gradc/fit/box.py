"""Bounds of the parameters: an interval for each element of the vector.

`b=[0,inf]` bounds every element of b.  An array with one axis more than b, of length 2, bounds
each element by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.diagnostics import Diagnostic, InputError
from gradc.fit.packing import Packing
from gradc.runtime.arrays import as_real, dense
from gradc.runtime.problems import quoted
from gradc.runtime.values import RawValue

Array = NDArray[np.float64]


class Box(NamedTuple):
    """The least and the largest value of each element, infinite where there is no bound."""

    low: Array
    high: Array

    @property
    def bounded(self) -> bool:
        """Whether there is any bound."""
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def clip(self, point: Array) -> Array:
        """The nearest point inside."""
        return np.clip(point, self.low, self.high)

    def snapped(self, point: Array) -> Array:
        """The nearest point inside, on the bounds that it misses by rounding."""
        low = np.isclose(point, self.low, rtol=1e-14, atol=0.0)
        high = np.isclose(point, self.high, rtol=1e-14, atol=0.0)
        return self.clip(np.where(low, self.low, np.where(high, self.high, point)))

    def held(self, point: Array, gradient: Array) -> NDArray[np.bool_]:
        """The elements that stand at a bound, beyond which the objective would fall."""
        falling = (point <= self.low) & (gradient > 0.0)
        return falling | ((point >= self.high) & (gradient < 0.0))

    def at_bound(self, point: Array) -> NDArray[np.bool_]:
        """The elements that stand at a bound."""
        return (point <= self.low) | (point >= self.high)


def box(packing: Packing, bounds: Mapping[str, object], start: Array) -> Box:
    """The bounds that are given, by name; raises InputError where they do not fit, and where the
    start lies outside."""
    problems: list[Diagnostic] = []
    low, high = {}, {}
    for name, shape in packing.shapes.items():
        low[name], high[name] = np.full(shape, -np.inf), np.full(shape, np.inf)
        if name in bounds:
            try:
                interval = _interval(name, shape, bounds[name])
                low[name][...], high[name][...] = interval[..., 0], interval[..., 1]
            except InputError as error:
                problems += error.diagnostics
    if problems:
        raise InputError(problems)
    found = Box(packing.pack(low), packing.pack(high))
    outside = (start < found.low) | (start > found.high)
    if outside.any():
        i = int(np.argmax(outside))
        where = f"{packing.elements()[i]} = {start[i]:.6g}"
        limits = f"[{found.low[i]:.6g}, {found.high[i]:.6g}]"
        help = "start inside the bounds"
        message = f"the start {where} lies outside its bounds {limits}"
        raise InputError([Diagnostic("G0774", message, help=help)])
    return found


def _interval(name: str, shape: tuple[int, ...], given: object) -> Array:
    """The bounds of one parameter, [..., 2]."""
    data = given.data if isinstance(given, RawValue) else given
    value = np.asarray(as_real(dense(data, name), name))
    if value.shape not in ((2,), (*shape, 2)):
        found = f"shape [{', '.join(map(str, value.shape))}]" if value.shape else "one number"
        each = ", or a pair for each element" if shape else ""
        raise _wrong(f"the bounds of {quoted(name)} are {found}, not a pair{each}")
    if np.isnan(value).any() or (value[..., 0] >= value[..., 1]).any():
        raise _wrong(f"the bounds of {quoted(name)} are not a least and a larger value")
    return value


def _wrong(message: str) -> InputError:
    help = "write NAME=[LEAST,LARGEST], with -inf or inf on a side without a bound"
    return InputError([Diagnostic("G0774", message, help=help)])
