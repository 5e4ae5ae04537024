"""Files that hold a table: columns of numbers, read a block of rows at a time.

A file is opened once to see its columns, and read from its first row each time `blocks` is asked
for.  Invariant: a block holds numbers, or an `InputError` names the file, the row and the column;
memory is that of a few blocks, however long the file is.  Deliberately absent: what the columns
are for (`sources`), and any conversion of text that is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gradc.diagnostics import InputError
from gradc.runtime.problems import counted, failure, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]

# The ends of names of files that hold tables.
TABLES = ("csv", "parquet", "arrow", "feather", "jsonl", "ndjson", "npy", "npz")


class Block(NamedTuple):
    """Some rows: the number of those before them, an array for each column that was asked for,
    and how much of the file is read, from 0 to 1."""

    start: int
    columns: list[Column]
    done: float

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0])


class Table(Protocol):
    """A file with named columns; a cell is a number, or an array of numbers."""

    path: str
    names: tuple[str, ...]  # of the columns; the one of a .npy file has the empty name
    cells: tuple[tuple[int, ...], ...]  # the shape of a cell of each column
    rows: int | None  # where the file says so without being read
    size: int  # in bytes

    def blocks(self, columns: Sequence[int]) -> Iterator[Block]:
        """Some of the columns, by their positions, in blocks of rows; raises `InputError`."""


def open_table(path: str, suffix: str) -> Table:
    """The table in a file; raises `InputError` where there is none.

    An archive holds several: `tables_npy.arrays_of`.
    """
    match suffix:
        case "csv":
            from gradc.runtime.tables_csv import CsvTable

            return CsvTable(path)
        case "jsonl" | "ndjson":
            from gradc.runtime.tables_lines import LinesTable

            return LinesTable(path)
        case "npy":
            from gradc.runtime.tables_npy import ArraysTable

            return ArraysTable(path)
        case _:
            from gradc.runtime.tables_arrow import arrow_table

            return arrow_table(path, suffix)


def shown(path: str) -> str:
    """The name of a file in messages."""
    return quoted(path, 200)[1:-1]


def cell_place(path: str, row: int, column: str) -> str:
    """Where a cell is, in words; rows are counted from 1."""
    named = f", column {quoted(column)}" if column else ""
    return f"{shown(path)}, row {row + 1}{named}"


def whole(table: Table, columns: Sequence[int]) -> list[Column]:
    """All rows of some columns, each as one array; raises `InputError`."""
    import numpy as np

    parts = [block.columns for block in table.blocks(columns)]
    try:
        return [
            np.concatenate([part[i] for part in parts])
            if parts
            else np.zeros((0, *table.cells[column]))
            for i, column in enumerate(columns)
        ]
    except MemoryError:
        raise failure("G0504", f"{quoted(table.path, 200)} does not fit in memory") from None


def regrouped(blocks: Iterator[Block], rows: int) -> Iterator[Block]:
    """The same rows in blocks of exactly so many, the last one excepted."""
    import numpy as np

    pending: list[Block] = []
    held = 0
    for block in blocks:
        offset = 0
        while offset < block.rows:
            take = min(rows - held, block.rows - offset)
            part = [column[offset : offset + take] for column in block.columns]
            pending.append(Block(block.start + offset, part, block.done))
            offset, held = offset + take, held + take
            if held == rows:
                yield _joined(pending, np.concatenate)
                pending, held = [], 0
    if pending:
        yield _joined(pending, np.concatenate)


def _joined(parts: Sequence[Block], concatenate: Callable[[Any], Column]) -> Block:
    if len(parts) == 1:
        return parts[0]
    columns = [concatenate(each) for each in zip(*(part.columns for part in parts), strict=True)]
    return Block(parts[0].start, columns, parts[-1].done)


def side_by_side(
    parts: Sequence[tuple[Table, Sequence[int]]], rows: int
) -> Iterator[tuple[Block, ...]]:
    """The rows of several tables together, in blocks of so many.

    Raises `InputError` where one of them ends before another.
    """
    readers = [regrouped(table.blocks(columns), rows) for table, columns in parts]
    start = 0
    while True:
        found = [next(reader, None) for reader in readers]
        lengths = [0 if block is None else block.rows for block in found]
        if len(set(lengths)) > 1:
            raise _uneven([table for table, _ in parts], [start + n for n in lengths], lengths)
        present = tuple(block for block in found if block is not None)
        if not present:
            return
        yield present
        start += lengths[0]


def _uneven(tables: Sequence[Table], ends: Sequence[int], lengths: Sequence[int]) -> InputError:
    short = min(range(len(ends)), key=ends.__getitem__)
    long = max(range(len(ends)), key=ends.__getitem__)
    return failure(
        "G0543",
        f"{shown(tables[short].path)} has {counted(ends[short], 'row')}, "
        f"and {shown(tables[long].path)} has more",
        "each observation takes one row of every file",
    )
