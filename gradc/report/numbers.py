"""The one place where numbers become text for people, and values become JSON.

Invariants: the text depends on the number alone (no locale, no terminal), and every value
becomes strict JSON that reads back as the same doubles.  Deliberately absent: NumPy; what
offers `tolist()` is taken as Python numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Union

from gradc.ir.precision import in_own_digits

# An integer of so many digits is shown whole: counts, indices and small sums stay exact.
_WHOLE_LIMIT = 10**10

JsonValue = Union[bool, int, float, str, "list[JsonValue]"]


#: What `number` writes of a real number.
PLAIN_NUMBER = re.compile(r"-?(\d+(\.\d*)?(e[+-]?\d+)?|inf)|nan")


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


def told_apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers, with as many digits as it takes to tell them apart.

    >>> told_apart(2.0, 2.000001), told_apart(1 / 3, 0.25)
    (('2', '2.000001'), ('0.333333', '0.25'))
    """
    shown = number(x), number(y)
    digits = 7
    while x != y and x == x and y == y and shown[0] == shown[1]:
        shown = f"{x:.{digits}g}", f"{y:.{digits}g}"
        digits += 1
    return shown


def array_summary(value: object, limit: int = 6) -> str:
    """A number or an array in words.

    Up to `limit` elements are shown whole; of more, the corners, the shape and what they
    range over: `[1, 2, ..., 9]  (100 elements, min 1, max 9, norm 28.7, 2 nan)`.
    """
    shape = _shape_of(value)
    whole = _if_small(value, shape, limit)
    if whole is not None:
        return whole
    return f"{_corners(value, len(shape))}  ({_shape_text(shape)}, {', '.join(_ranges(value))})"


def array_cell(value: object, limit: int = 6) -> str:
    """A number or an array in one cell of a table that has the shape in another.

    Of a long vector the ends and the norm, of a larger array what its elements range over.
    """
    shape = _shape_of(value)
    whole = _if_small(value, shape, limit)
    if whole is not None:
        return whole
    ranges = _ranges(value)
    return f"{_corners(value, 1)}  {ranges[-1]}" if len(shape) == 1 else ", ".join(ranges)


def ranges(values: Iterable[object]) -> str:
    """What all elements of some numbers and arrays range over together."""
    return ", ".join(_words(_measured(value) for value in values))


def _if_small(value: object, shape: tuple[int, ...], limit: int) -> str | None:
    """A number, or an array of few elements, whole."""
    if math.prod(shape) == 0:
        return "[]" if shape == (0,) else f"[]  ({_shape_text(shape)})"
    return _whole(_plain(value)) if math.prod(shape) <= limit else None


def json_value(value: object) -> JsonValue:
    """A number or an array as what `json.dumps` writes as strict JSON.

    Arrays become nested lists.  Numbers of single precision have the digits that tell them
    from others of that precision.  The numbers that JSON cannot say become the strings "nan",
    "inf" and "-inf"; all others keep every bit.  Integers and truth values stay what they are.
    """
    data = _plain(in_own_digits(value))
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


def _shape_of(value: object) -> tuple[int, ...]:
    """The shape; an array says its own, because nested lists cannot tell 0x3 from 0x4."""
    shape = getattr(value, "shape", None)
    return _shape(_plain(value)) if shape is None else tuple(shape)


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


def _corners(value: Any, rank: int) -> str:
    """The first and the last elements; of a matrix, those of its first and last row."""
    if rank > 2:
        return "[...]"
    head = 2 if rank == 1 else 1
    kept = range(len(value)) if len(value) <= head + 1 else (*range(head), len(value) - 1)
    shown = [_corners(value[i], 1) if rank == 2 else _whole(_plain(value[i])) for i in kept]
    if len(shown) < len(value):
        shown.insert(-1, "...")
    return f"[{', '.join(shown)}]"


def _ranges(value: Any) -> list[str]:
    """The extremes, and the norm or else the number of NaNs."""
    return _words([_measured(value)])


class _Measures(NamedTuple):
    extremes: tuple[float, float] | None
    norm: float  # of what is a number
    missing: int  # how many NaNs


def _measured(value: Any) -> _Measures:
    if hasattr(value, "ravel"):
        return _measured_array(value.ravel())
    numbers = list(_flat(value))
    known = [x for x in numbers if not math.isnan(x)]
    extremes = (min(known), max(known)) if known else None
    return _Measures(extremes, math.hypot(*known), len(numbers) - len(known))


def _measured_array(flat: Any) -> _Measures:
    """By the array's own methods, which a large array needs."""
    known = flat[flat == flat] + 0.0
    extremes = (float(known.min()), float(known.max())) if known.size else None
    return _Measures(extremes, _norm_of(known), int(flat.size - known.size))


def array_norm(value: Any) -> float:
    """The square root of the sum of squares of an array, NaN where it has any, without overflow."""
    return _norm_of(value.ravel() + 0.0)


def _norm_of(flat: Any) -> float:
    largest = float(abs(flat).max()) if flat.size else 0.0
    scale = largest if 0.0 < largest < math.inf else 1.0
    return scale * math.sqrt(float(((flat / scale) ** 2).sum()))


def _words(measures: Iterable[_Measures]) -> list[str]:
    found = list(measures)
    extremes = [pair for one in found if (pair := one.extremes) is not None]
    parts = []
    if extremes:
        low, high = min(pair[0] for pair in extremes), max(pair[1] for pair in extremes)
        parts += [f"min {number(low)}", f"max {number(high)}"]
    missing = sum(one.missing for one in found)
    norm = math.hypot(*(one.norm for one in found))
    return [*parts, f"{missing} nan" if missing else f"norm {number(norm)}"]
