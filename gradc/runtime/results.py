"""What emitted code returns, as the Python interface hands it out.

Emitted code writes `da = dv` and returns both, or returns an argument, as a person would.
The caller of the interface may write into what it gets, so each array is handed out as its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def handed_out(results: Sequence[Any], arguments: Iterable[object] = ()) -> tuple[Any, ...]:
    """Scalars as Python floats, or NumPy's in single precision; arrays writable and sharing no
    memory with each other or with the arguments; a tuple of results as a tuple of these."""
    taken = {id(_owner(argument)) for argument in arguments if hasattr(argument, "base")}
    return tuple(_separate(result, taken) for result in results)


def _separate(result: Any, taken: set[int]) -> Any:
    if isinstance(result, tuple):
        return tuple(_separate(part, taken) for part in result)
    if not getattr(result, "shape", None):
        return result if getattr(result, "itemsize", 8) == 4 else float(result)
    if id(_owner(result)) in taken or not result.flags.writeable:
        result = result.copy()
    taken.add(id(_owner(result)))
    return result


def _owner(array: Any) -> object:
    """The array that holds the memory of another, or the array itself."""
    while array.base is not None and hasattr(array.base, "base"):
        array = array.base
    return array
