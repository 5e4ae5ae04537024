"""Fields of an input, read as what a program takes.

Invariant: what is returned has the type, the number of axes and the lengths that were asked
for, or a `RefusedError` says which field does not fit and why.
"""

from __future__ import annotations

import numbers
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Wholes = NDArray[np.int64]


class RefusedError(Exception):
    """A message that cannot be answered, with the reason."""


class Field(NamedTuple):
    """A value and what it is called in messages."""

    name: str
    value: Any

    def number(self) -> float:
        """A real number."""
        if isinstance(self.value, bool) or not isinstance(self.value, numbers.Real):
            raise RefusedError(f"{self.name} is to be a number")
        try:
            return float(self.value)
        except OverflowError:
            raise RefusedError(f"{self.name} is too large") from None

    def whole(self, least: int) -> int:
        """A whole number that is not too small."""
        number = self.number()
        if not number.is_integer() or number < least:
            raise RefusedError(
                f"{self.name} is {number:g}; it is to be a whole number from {least} on"
            )
        return int(number)

    def truth(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise RefusedError(f"{self.name} is to be true or false")
        return self.value

    def reals(self, *shape: int | None) -> Reals:
        """An array; None in `shape` stands for any length."""
        return self._array("numbers", "fiu", shape).astype(np.float64)

    def wholes(self, *shape: int | None) -> Wholes:
        """An array of whole numbers."""
        return self._array("whole numbers", "iu", shape).astype(np.int64)

    def _array(self, what: str, kinds: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        try:
            array = np.asarray(self.value)
        except ValueError:
            raise RefusedError(f"the rows of {self.name} have different lengths") from None
        if array.size == 0 and array.ndim < len(shape):
            array = array.reshape(array.shape + (0,) * (len(shape) - array.ndim))
        fits = array.ndim == len(shape) and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        if array.dtype.kind not in kinds and array.size:
            raise RefusedError(f"{self.name} is to be an array of {what}")
        if not fits:
            found = ", ".join(map(str, array.shape))
            raise RefusedError(f"{self.name} has shape [{found}]; it is to have [{wanted}]")
        return array


def read(given: Any, *path: str) -> Field:
    """The field at the end of a path of names."""
    for depth, name in enumerate(path):
        if not isinstance(given, dict):
            raise RefusedError(f"{'.'.join(path[:depth]) or 'the input'} is to be an object")
        if name not in given:
            raise RefusedError(f"the input has no {'.'.join(path[: depth + 1])}")
        given = given[name]
    return Field(".".join(path) or "the input", given)
