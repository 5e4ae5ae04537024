"""The inputs of a program that rows of files give: checked, a block of rows at a time.

Invariant: a number that does not suit its input is named with its file, row and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradc.diagnostics import InputError
from gradc.ir.graph import DType
from gradc.ir.interface import InputSpec
from gradc.runtime.arrays import EXACT_LIMIT
from gradc.runtime.problems import failure
from gradc.runtime.sources import Given, joined
from gradc.runtime.tables import Table, cell_place, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradc.runtime.tables import Column


class RowBlock(NamedTuple):
    """Some rows: the number of those before them, the values of inputs, and how much is read."""

    start: int
    rows: int
    values: dict[str, NDArray[Any]]
    done: float


def row_blocks(
    given: Sequence[Given], specs: Mapping[str, InputSpec], sizes: Mapping[str, int], rows: int
) -> Iterator[RowBlock]:
    """The rows that some inputs receive, in blocks of so many.

    Each value has the element type of its input, and integers are in their range where `sizes`
    says it.  Raises `InputError`.
    """
    tables: dict[Table, dict[int, int]] = {}  # where each column stands among those read
    for each in given:
        wanted = tables.setdefault(each.table, {})
        for column in each.columns:
            wanted.setdefault(column, len(wanted))
    places = {table: i for i, table in enumerate(tables)}
    for blocks in side_by_side([(table, list(each)) for table, each in tables.items()], rows):
        start = blocks[0].start
        values = {}
        for each in given:
            block, wanted = blocks[places[each.table]], tables[each.table]
            columns = [block.columns[wanted[column]] for column in each.columns]
            values[each.name] = _checked(each, columns, specs[each.name], sizes, start)
        yield RowBlock(start, blocks[0].rows, values, min(block.done for block in blocks))


def _checked(
    given: Given,
    columns: Sequence[Column],
    spec: InputSpec,
    sizes: Mapping[str, int],
    start: int,
) -> NDArray[Any]:
    array = joined(given, columns)
    if spec.type.dtype is DType.REAL:
        return np.ascontiguousarray(array, dtype=np.float64)
    exact = (np.abs(array) < EXACT_LIMIT) & (np.floor(array) == array)
    if not exact.all():
        at = _first(exact)
        number = array[at]
        what = (
            f"{number} is not an integer"
            if float(number) % 1 != 0
            else f"{number} is an integer too large to be exact (2**53)"
        )
        raise _at(given, start, at, "G0523", what, f"{spec.name} is declared to hold integers")
    whole = np.ascontiguousarray(array, dtype=np.int64)
    if spec.below is not None and spec.below.names() <= sizes.keys():
        limit = spec.below.evaluate(sizes)
        inside = (whole >= 0) & (whole < limit)
        if not inside.all():
            at = _first(inside)
            allowed = f"0 .. {limit - 1}" if limit > 0 else "no value at all"
            what = f"{whole[at]} is out of range; allowed is {allowed}"
            raise _at(given, start, at, "G0524", what, f"{spec.name} is declared in {spec.below}")
    return whole


def _first(holds: NDArray[np.bool_]) -> tuple[int, ...]:
    """The index of the first element that does not hold."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmin(holds)), holds.shape))


def _at(
    given: Given, start: int, at: tuple[int, ...], code: str, what: str, help: str
) -> InputError:
    name = given.column_name(at[1] if len(at) > 1 else 0)
    return failure(code, f"{cell_place(given.table.path, start + at[0], name)}: {what}", help)
