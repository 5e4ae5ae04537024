"""From a value as given to a float, an int, or an array of doubles or 64-bit integers.

Invariants: no number changes silently (an integer stays exact or is refused, a boolean or a
masked element is refused); an array that is already C-contiguous float64 is used as it is,
not copied, and none is ever modified.  NumPy is imported only when an array occurs.
Deliberately absent: shapes that are symbolic; those are the business of `sizes` and `bind`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from gradc.diagnostics import InputError
from gradc.runtime.problems import counted, failure, quoted
from gradc.runtime.values import MAX_RANK

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Every integer of smaller size is a double, and no other integer rounds to it.
EXACT_LIMIT = 2**53

Dense = Union[int, float, "NDArray[Any]"]
Concrete = Union[int, float, "NDArray[np.float64]", "NDArray[np.int64]"]


def dense(data: object, name: str) -> Dense:
    """A value as a Python number or an array of a real dtype.

    Accepts numbers, nested lists and tuples, and whatever offers `__array__`.  Raises
    `InputError` for what is not a rectangular array of real numbers.
    """
    if isinstance(data, (list, tuple)):
        return _from_nested(data, name)
    if isinstance(data, bool):
        raise _refusal(name, "a boolean", "write 0 or 1")
    if hasattr(data, "__array__"):
        return _from_array(data, name)
    if isinstance(data, int):
        return int(data)
    if isinstance(data, float):
        return float(data)
    raise _refusal(name, f"of type {quoted(type(data).__name__)}")


def _refusal(name: str, what: str, help: str | None = None) -> InputError:
    return failure("G0507", f"{quoted(name)} is {what}, not a number or an array of numbers", help)


def _from_array(data: object, name: str) -> Dense:
    import numpy as np

    # Naming `np.ma` loads it, which takes as long as a tenth of NumPy.
    if hasattr(data, "mask") and isinstance(data, np.ma.MaskedArray):
        raise _refusal(name, "a masked array", "fill it first")
    try:
        array = np.asarray(data)
    except Exception as error:  # whatever code of the object's own raises
        raise _refusal(name, f"an object that NumPy cannot read ({error})") from error
    if array.dtype.kind not in "iuf":
        raise _refusal(name, f"an array of dtype {quoted(str(array.dtype))}")
    if array.ndim:
        return array
    return float(array) if array.dtype.kind == "f" else int(array)


def _from_nested(data: list[Any] | tuple[Any, ...], name: str) -> Dense:
    """A nested list as an array; level by level, so that no nesting is too deep."""
    shape: list[int] = []
    level: list[Any] | tuple[Any, ...] = [data]
    while level and all(isinstance(item, (list, tuple)) for item in level):
        lengths = set(map(len, level))
        if len(lengths) > 1 or len(shape) == MAX_RANK:
            raise _ragged(name)
        shape += lengths
        level = [item for part in level for item in part]
    import numpy as np

    for kind in set(map(type, level)):
        if kind not in (int, float):
            return _from_arrays(level, tuple(shape), name)
    if set(map(type, level)) == {int}:
        try:
            return np.array(level, dtype=np.int64).reshape(shape)
        except OverflowError:
            pass  # beyond 64 bits; as doubles they may still be meant
    try:
        return np.array(level, dtype=np.float64).reshape(shape)
    except OverflowError:
        raise failure(
            "G0509", f"{quoted(name)} has an integer larger than the largest double"
        ) from None


def _from_arrays(items: list[Any] | tuple[Any, ...], shape: tuple[int, ...], name: str) -> Dense:
    """A list whose elements are arrays, or numbers of other types than Python's own."""
    import numpy as np

    if any(isinstance(item, (list, tuple)) for item in items):
        raise _ragged(name)
    parts = [
        np.asarray(dense(item, f"{name}{index_text(i, shape)}")) for i, item in enumerate(items)
    ]
    if len({part.shape for part in parts}) > 1:
        raise _ragged(name)
    stacked = np.stack(parts)
    return stacked.reshape(*shape, *parts[0].shape)


def _ragged(name: str) -> InputError:
    what = f"{quoted(name)} is not rectangular: its lists differ in length or depth"
    return failure("G0508", what)


def index_text(flat: int, shape: tuple[int, ...]) -> str:
    """The place of an element, by its position in row-major order, as `[1, 0]`."""
    index = []
    for length in reversed(shape):
        flat, position = divmod(flat, length)
        index.append(str(position))
    return f"[{', '.join(reversed(index))}]" if shape else ""


def as_real(value: Dense, name: str) -> Concrete:
    """A double, or an array of doubles; the nearest ones to integers that are not."""
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            raise failure("G0509", f"{quoted(name)} is larger than the largest double") from None
    import numpy as np

    with np.errstate(over="ignore"):
        return np.ascontiguousarray(value, dtype=np.float64)


def as_integer(value: Dense, name: str) -> Concrete:
    """An int, or an array of 64-bit integers; 3.0 is an integer, 2.5 is not.

    Raises `InputError` for other reals, and beyond 2**53, where doubles are not exact.
    """
    if isinstance(value, (int, float)):
        wrong = _not_exact(value)
        if wrong is not None:
            raise failure("G0523", f"{quoted(name)} is {value!r:.40}, {wrong}")
        return int(value)
    import numpy as np

    reals = value.dtype.kind == "f"
    if reals:
        exact = (np.abs(value) < EXACT_LIMIT) & (np.floor(value) == value)
    else:
        exact = (value <= EXACT_LIMIT) & (value >= -EXACT_LIMIT)
    if not exact.all():
        flat = int(np.argmin(exact))
        number = value.reshape(-1)[flat].item()
        place = name + index_text(flat, value.shape)
        more = int(exact.size - exact.sum()) - 1
        others = f" ({counted(more, 'other element')} likewise)" if more else ""
        message = f"{quoted(place)} is {number!r}, {_not_exact(number)}{others}"
        raise failure("G0523", message, "it is declared to hold integers")
    return np.ascontiguousarray(value, dtype=np.int64)


def _not_exact(number: float) -> str | None:
    """Why a number is not an exact integer, or None where it is one."""
    if isinstance(number, float) and not number.is_integer():
        return "not an integer"
    if abs(number) > EXACT_LIMIT or (isinstance(number, float) and abs(number) == EXACT_LIMIT):
        return "an integer too large to be exact (2**53)"
    return None
