"""How real numbers are held by the code that is emitted for a program."""

from __future__ import annotations

import enum
import struct
from typing import Any


class Precision(enum.Enum):
    """The type of real numbers, by the name that NumPy has for it."""

    DOUBLE = "float64"
    SINGLE = "float32"


def rounded(value: float) -> float:
    """The single-precision number nearest to a double; an infinity beyond the largest one."""
    try:
        (found,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return float(found)


def in_own_digits(value: Any) -> Any:
    """NumPy's numbers of single precision as the doubles with the fewest digits that round to
    them, as people and text files take them; anything else as it is."""
    if getattr(value, "dtype", None) != "float32":
        return value
    return value.astype(str).astype(float)
