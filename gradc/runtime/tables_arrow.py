"""Parquet and Arrow files as tables, in blocks, through pyarrow.

Invariant: a cell that is null is a problem with its row and column, as an empty cell of a CSV
file is.  Columns hold integers, reals, or lists of these of one fixed length; 64-bit integers
stay integers.  Deliberately absent: text that looks like numbers, decimals and dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradc.diagnostics import InputError
from gradc.extras import require
from gradc.runtime.inputs_files import open_regular
from gradc.runtime.problems import Problems, counted, failure, quoted
from gradc.runtime.tables import Block, cell_place, shown

if TYPE_CHECKING:
    from gradc.runtime.tables import Column

_ROWS = 65_536


def arrow_table(path: str, suffix: str) -> ParquetTable | ArrowTable:
    """The table in a Parquet or an Arrow file; raises `InputError`, UsageError without pyarrow."""
    require("pyarrow", "data", f"reading {shown(path)}")
    open_regular(path).close()
    return ParquetTable(path) if suffix == "parquet" else ArrowTable(path)


class _Columns:
    """What Parquet and Arrow files have in common: a schema."""

    def __init__(self, path: str, size: int, schema: Any, rows: int | None) -> None:
        self.path = path
        self.size = size
        self.rows = rows
        self.names: tuple[str, ...] = tuple(schema.names)
        self._types = [schema.field(i).type for i in range(len(schema))]
        self.cells = tuple(map(_cell, self._types))

    def _converted(self, batch: Any, columns: Sequence[int], start: int) -> list[Column]:
        """The columns of a batch as arrays; raises `InputError` for cells without a number."""
        problems = Problems()
        found = []
        for position in columns:
            name = self.names[position]
            _check_type(self._types[position], self.path, name)
            column = batch.column(name)
            if column.null_count:
                _note_nulls(column, self.path, name, start, problems)
            else:
                found.append(_array(column, self.cells[position], self.path, name, start, problems))
        problems.check()
        return found

    def _check(self, columns: Sequence[int]) -> None:
        for position in columns:
            _check_type(self._types[position], self.path, self.names[position])


class ParquetTable(_Columns):
    """A Parquet file, read a row group at a time or less."""

    def __init__(self, path: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as parquet

        try:
            with parquet.ParquetFile(path) as file:
                rows = file.metadata.num_rows
                schema = file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, "Parquet", error) from None
        with open_regular(path) as content:
            super().__init__(path, content.seek(0, 2), schema, rows)

    def blocks(self, columns: Sequence[int]) -> Iterator[Block]:
        """Some of the columns, in blocks of rows."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        self._check(columns)
        names = list(dict.fromkeys(self.names[i] for i in columns))
        start, total = 0, max(self.rows or 0, 1)
        try:
            with parquet.ParquetFile(self.path, pre_buffer=False) as file:
                for batch in file.iter_batches(_ROWS, columns=names):
                    if not batch.num_rows:
                        continue
                    found = self._converted(batch, columns, start)
                    start += batch.num_rows
                    yield Block(start - batch.num_rows, found, start / total)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, "Parquet", error) from None


class ArrowTable(_Columns):
    """An Arrow file (also called Feather), or a stream of record batches in a file."""

    def __init__(self, path: str) -> None:
        import pyarrow as pa

        with open_regular(path) as file:
            size = file.seek(0, 2)
        try:
            with _opened(path) as (reader, count):
                schema = reader.schema
                rows = None if count is None else sum(b.num_rows for b in _batches(reader, count))
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, "Arrow", error) from None
        super().__init__(path, size, schema, rows)

    def blocks(self, columns: Sequence[int]) -> Iterator[Block]:
        """Some of the columns, in blocks of rows."""
        import pyarrow as pa

        self._check(columns)
        start = 0
        try:
            with _opened(self.path) as (reader, count):
                for number, batch in enumerate(_batches(reader, count)):
                    for first in range(0, batch.num_rows, _ROWS):
                        part = batch.slice(first, _ROWS)
                        done = (number + 1) / count if count else 0.0
                        yield Block(start, self._converted(part, columns, start), done)
                        start += part.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, "Arrow", error) from None


@contextmanager
def _opened(path: str) -> Iterator[tuple[Any, int | None]]:
    """A reader of record batches, and their number in a file; a stream does not say it."""
    import pyarrow as pa

    with pa.OSFile(path, "rb") as source:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        with reader:
            yield reader, reader.num_record_batches if is_file else None


def _batches(reader: Any, count: int | None) -> Iterator[Any]:
    return iter(reader) if count is None else map(reader.get_batch, range(count))


def _cell(kind: Any) -> tuple[int, ...]:
    """The shape of a cell of a column of some type."""
    import pyarrow as pa

    shape: list[int] = []
    while pa.types.is_fixed_size_list(kind):
        shape.append(kind.list_size)
        kind = kind.value_type
    return tuple(shape)


def _check_type(kind: Any, path: str, name: str) -> None:
    import pyarrow as pa

    element = kind
    while pa.types.is_fixed_size_list(element):
        element = element.value_type
    if not (pa.types.is_integer(element) or pa.types.is_floating(element)):
        raise failure(
            "G0512",
            f"{shown(path)}, column {quoted(name)} holds {kind}",
            "a column holds real numbers or integers, or lists of these of one fixed length",
        )


def _note_nulls(column: Any, path: str, name: str, start: int, problems: Problems) -> None:
    import numpy as np

    places = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))
    more = len(places) - 1
    others = f" ({counted(more, 'more cell')} of the next rows likewise)" if more else ""
    where = cell_place(path, start + int(places[0]), name)
    problems.add("G0507", f"{where}: the cell is empty{others}", "write NaN for a missing number")


def _array(
    column: Any, cell: tuple[int, ...], path: str, name: str, start: int, problems: Problems
) -> Column:
    rows = len(column)
    values = column
    for _ in cell:
        values = values.flatten()
    if values.null_count:
        problems.add(
            "G0507",
            f"{cell_place(path, start, name)}: a list of these rows has an empty element",
            "write NaN for a missing number",
        )
    array: Column = values.to_numpy(zero_copy_only=False)
    return array.reshape(rows, *cell) if cell else array


def _unreadable(path: str, what: str, error: Exception) -> InputError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return failure(
        "G0546",
        f"{shown(path)} is not a readable {what} file: {quoted(reason, 200)[1:-1]}",
        "the file was cut off or changed, or has another format",
    )
