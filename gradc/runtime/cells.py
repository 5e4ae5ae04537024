"""The numbers in the cells of a column of text.

What is a number is said in one place, `literals`.  Most columns are plain digits, points and
exponents; those are found out at once and converted at once, and any other cell is looked at by
itself.  Invariant: the fast way gives the same numbers, bit for bit, and takes no cell that
`parse_number` refuses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradc.runtime.literals import TYPED, parse_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_PLAIN = "0123456789.+-eE"
_PLAIN_BYTES = _PLAIN.encode()
_NOT_PLAIN = re.compile(rf"[^{re.escape(_PLAIN)}\n]")

# What Python's `float` takes and a number of the language is not: `007`, `5.`, `5.e3`.
_LENIENT = re.compile(r"^[+-]?0[0-9]|\.(?![0-9])", re.MULTILINE)


def numbers_of(cells: Sequence[str]) -> Numbers | None:
    """The numbers in some cells, or None where a cell is none, or larger than any double."""
    import numpy as np

    text = "\n".join(cells)
    if _NOT_PLAIN.search(text) or _LENIENT.search(text):
        return _each(cells)
    try:
        numbers = np.array(list(map(float, cells)))
    except ValueError:
        return None
    return None if np.isinf(numbers).any() else numbers


def _each(cells: Sequence[str]) -> Numbers | None:
    import numpy as np

    known: dict[str, float | None] = {}
    for cell in cells:
        if cell not in known:
            known[cell] = number_of(cell)
    numbers = [known[cell] for cell in cells]
    return None if None in numbers else np.array(numbers, dtype=np.float64)


def number_of(cell: str) -> float | None:
    """The number in a cell, or None."""
    try:
        number = parse_number(cell, TYPED)
    except OverflowError:
        return None
    return None if number is None else float(number)


def numbers_of_arrow(column: Any) -> Numbers | None:
    """As `numbers_of`, of a chunked array of text of pyarrow."""
    import numpy as np

    parts = []
    for chunk in column.chunks:
        found = _arrow_chunk(chunk)
        if found is None:
            return None
        parts.append(found)
    return np.concatenate(parts) if parts else np.zeros(0)


def _arrow_chunk(chunk: Any) -> Numbers | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(chunk):
        return pc.cast(chunk, pa.float64()).to_numpy()  # type: ignore[no-any-return]
    odd = _odd_cells(chunk)
    if odd is None:
        return None
    plain = chunk
    if len(odd):
        import numpy as np

        mask = np.zeros(len(chunk), dtype=bool)
        mask[odd] = True
        plain = pc.if_else(pa.array(mask), "0", chunk)
    try:
        numbers: Numbers = pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    if math.isinf(abs(numbers).max()):
        return None
    if len(odd):
        found = _each(chunk.take(pa.array(odd)).to_pylist())
        if found is None:
            return None
        numbers = numbers.copy()
        numbers[odd] = found
    return numbers


def _odd_cells(chunk: Any) -> NDArray[np.int64] | None:
    """The positions of cells that the fast conversion may take otherwise than `parse_number`; None
    where a cell is empty."""
    import numpy as np

    _, offsets_buffer, data_buffer = chunk.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[
        chunk.offset : chunk.offset + len(chunk) + 1
    ]
    starts, ends = offsets[:-1].astype(np.int64), offsets[1:].astype(np.int64)
    if data_buffer is None or not (ends > starts).all():
        return None
    low, high = int(offsets[0]), int(offsets[-1])
    raw = memoryview(data_buffer)[low:high].tobytes()
    data = np.frombuffer(raw + b"   ", dtype=np.uint8)
    starts, ends = starts - low, ends - low
    first, second, third = data[starts], data[starts + 1], data[starts + 2]
    lengths = ends - starts
    signed = (first == ord("-")) | (first == ord("+"))
    zero = np.where(signed, second, first) == ord("0")
    after = np.where(signed, third, second)
    led = zero & (lengths > 1 + signed) & (after >= ord("0")) & (after <= ord("9"))
    strange = led | (data[ends - 1] == ord("."))
    if b".e" in raw or b".E" in raw or raw.translate(None, _PLAIN_BYTES):
        wrong = np.ones(256, dtype=bool)
        wrong[np.frombuffer(_PLAIN_BYTES, dtype=np.uint8)] = False
        bad = wrong[data[:-3]]
        points = data[:-3] == ord(".")
        bad |= points & ((data[1:-2] | 0x20) == ord("e"))
        strange[np.searchsorted(ends, np.flatnonzero(bad), side="right")] = True
    return np.flatnonzero(strange)
