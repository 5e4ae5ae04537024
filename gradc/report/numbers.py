"""The one place where numbers become text for people, and values become JSON.

Invariants: the text depends on the number alone (no locale, no terminal), and every value
becomes strict JSON that reads back as the same doubles.  Deliberately absent: NumPy; what
offers `tolist()` is taken as Python numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Union

# An integer of so many digits is shown whole: counts, indices and small sums stay exact.
_WHOLE_LIMIT = 10**10

JsonValue = Union[bool, int, float, str, "list[JsonValue]"]


def number(x: float) -> str:
    """A number to six significant digits; an integer of up to ten digits is shown exactly.

    >>> [number(x) for x in (33.0, 1 / 3, 1e-12, 123456789.0, 12345678901.0, -0.0)]
    ['33', '0.333333', '1e-12', '123456789', '1.23457e+10', '-0']
    """
    if isinstance(x, bool):
        return "true" if x else "false"
    if abs(x) < _WHOLE_LIMIT and x == int(x):
        return str(int(x)) if x or math.copysign(1.0, x) > 0 else "-0"
    return f"{x:.6g}"


def array_summary(value: object, limit: int = 6) -> str:
    """A number or an array in one table cell.

    Up to `limit` elements are shown whole; of more, the corners, the shape and what they
    range over: `[1, 2, ..., 9]  (100 elements, min 1, max 9, norm 28.7, 2 nan)`.
    """
    data = _plain(value)
    if not isinstance(data, list):
        return number(data)
    # Nested lists cannot tell 0 rows of 3 from 0 rows of 4.
    shape = tuple(getattr(value, "shape", _shape(data)))
    if math.prod(shape) == 0:
        return "[]" if shape == (0,) else f"[]  ({_shape_text(shape)})"
    if math.prod(shape) <= limit:
        return _whole(data)
    return f"{_corners(data, len(shape))}  ({_shape_text(shape)}, {_ranges(list(_flat(data)))})"


def json_value(value: object) -> JsonValue:
    """A number or an array as what `json.dumps` writes as strict JSON.

    Arrays become nested lists.  The numbers that JSON cannot say become the strings "nan",
    "inf" and "-inf"; all others keep every bit.  Integers and truth values stay what they are.
    """
    data = _plain(value)
    if isinstance(data, list):
        return [json_value(item) for item in data]
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    return data


Plain = Union[int, float, "list[Plain]"]


def _plain(value: object) -> Plain:
    """A value as Python numbers and lists; raises TypeError for anything else."""
    convert = getattr(value, "tolist", None)
    data = value if convert is None else convert()
    if isinstance(data, tuple):
        return list(data)
    if isinstance(data, (int, float, list)):
        return data
    raise TypeError(f"{type(value).__name__} is neither a number nor an array")


def _shape(data: Plain) -> tuple[int, ...]:
    shape = []
    while isinstance(data, list):
        shape.append(len(data))
        if not data:
            break
        data = _plain(data[0])
    return tuple(shape)


def _shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} elements"


def _flat(data: Plain) -> Iterator[float]:
    if isinstance(data, list):
        for item in data:
            yield from _flat(_plain(item))
    else:
        yield data


def _whole(data: Plain) -> str:
    if isinstance(data, list):
        return f"[{', '.join(_whole(_plain(item)) for item in data)}]"
    return number(data)


def _corners(data: list[Plain], rank: int) -> str:
    """The first and the last elements; of a matrix, those of its first and last row."""
    if rank > 2:
        return "[...]"
    shown = [
        _corners(row, 1) if isinstance(row, list) else number(row) for row in _ends(data, rank)
    ]
    if len(shown) < len(data):
        shown.insert(-1, "...")
    return f"[{', '.join(shown)}]"


def _ends(data: list[Plain], rank: int) -> list[Plain]:
    """What is shown of an axis: a vector's first two and last elements, a matrix' end rows."""
    head = 2 if rank == 1 else 1
    kept = data if len(data) <= head + 1 else [*data[:head], data[-1]]
    return [_plain(item) for item in kept]


def _ranges(numbers: list[float]) -> str:
    known = [x for x in numbers if not math.isnan(x)]
    parts = []
    if known:
        parts += [f"min {number(min(known))}", f"max {number(max(known))}"]
    if len(known) == len(numbers):
        parts.append(f"norm {number(math.hypot(*numbers))}")
    else:
        parts.append(f"{len(numbers) - len(known)} nan")
    return ", ".join(parts)
