"""A CSV file as a table, in blocks.

Two ways of reading give the same numbers and refuse the same files.  Blocks without quotes are
split and converted by pyarrow where it is installed.  Whatever that does not take as it is, a
strict reader goes through once more, and it alone says what is wrong: it knows the row, the line
and the column.  From the first quote on, a cell may hold a newline, and records are read one by
one.  Invariant: blocks are cut between lines, and none is larger than a few megabytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from gradc.diagnostics import InputError
from gradc.runtime.cells import number_of, numbers_of, numbers_of_arrow
from gradc.runtime.inputs_csv import check_header, note_cell
from gradc.runtime.inputs_files import check_no_nul, decoded, open_regular
from gradc.runtime.problems import Problems, counted, failure
from gradc.runtime.tables import Block, shown

if TYPE_CHECKING:
    from gradc.runtime.tables import Column

_BLOCK = 8 * 2**20
_LONGEST_LINE = 64 * 2**20
_RECORDS = 16_384  # how many are read at a time where there are quotes
_BOM = b"\xef\xbb\xbf"

Record = tuple[int, list[str]]  # the number of its last line, and its cells


class CsvTable:
    """A file of comma-separated values whose first row names the columns."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows: int | None = None
        with open_regular(path) as file:
            self.size = file.seek(0, 2)
            self._read_header(file)
        self.cells: tuple[tuple[int, ...], ...] = ((),) * len(self.names)

    def _read_header(self, file: BinaryIO) -> None:
        file.seek(0)
        file.seek(len(_BOM) if file.read(3) == _BOM else 0)
        self._begin = file.tell()
        records = _records(_lines(file, self.path), self.path)
        header = next(records, None)
        problems = Problems()
        if header is None or not header[1]:
            raise problems.fatal(
                "G0510",
                f"{shown(self.path)}: the table is empty",
                "its first row names the columns",
            )
        names = [cell.strip() for cell in header[1]]
        check_header(names, f"{shown(self.path)}, line 1", problems)
        self.names = tuple(names)
        file.seek(self._begin)
        first = file.readline(_LONGEST_LINE)
        # The header ends with its line, and lines with a newline.
        self._simple = header[0] == 1 and b"\r" not in first[:-2]
        self._data = self._begin + len(first)

    def blocks(self, columns: Sequence[int]) -> Iterator[Block]:
        """Some of the columns, in blocks of rows."""
        return _Reader(self, columns).blocks()


class _Reader:
    """One pass over the rows of a table."""

    def __init__(self, table: CsvTable, columns: Sequence[int]) -> None:
        self.table = table
        self.columns = list(columns)
        self.row = 0  # how many rows were read
        self.line = 1  # how many lines
        self.blank: list[int] = []  # lines without anything, which may stand at the end only
        self.problems = Problems()

    def blocks(self) -> Iterator[Block]:
        table = self.table
        with open_regular(table.path) as file:
            if table._simple:
                file.seek(table._data)
                yield from self._simple_blocks(file)
            else:
                file.seek(table._begin)
                records = _records(_lines(file, table.path), table.path)
                self.line = next(records)[0]
                yield from self._recorded(records, file)

    def _simple_blocks(self, file: BinaryIO) -> Iterator[Block]:
        rest = b""
        while True:
            position = file.tell() - len(rest)
            more = file.read(_BLOCK)
            block = rest + more if rest else more
            if not block:
                return
            if b'"' in block:
                file.seek(position)
                lines = _lines(file, self.table.path, self.line)
                yield from self._recorded(_records(lines, self.table.path, self.line), file)
                return
            cut = block.rfind(b"\n") + 1 or block.rfind(b"\r", 0, len(block) - 1) + 1
            if not more:
                cut = len(block)
            block, rest = block[:cut], block[cut:]
            if len(rest) > _LONGEST_LINE:
                raise _too_long(self.table.path, self.line + block.count(b"\n") + 1)
            columns = self._quickly(block)
            if columns is not None:
                self.line += len(columns[0])
                yield self._block(columns, file.tell() - len(rest))
                continue
            text = _text(block, self.table.path, self.line)
            lines = io.StringIO(text, newline="")
            yield from self._recorded(_records(lines, self.table.path, self.line), file)
            self.line += text.count("\n") or text.count("\r")

    def _quickly(self, block: bytes) -> list[Column] | None:
        """The columns of a block without quotes by pyarrow; None where it needs a closer look."""
        if not block or self.blank or b"\0" in block or not (block.isascii() or _is_text(block)):
            return None
        columns = _by_arrow(block, len(self.table.names), self.columns)
        return columns if columns is not None and len(columns[0]) else None

    def _recorded(self, records: Iterator[Record], file: BinaryIO) -> Iterator[Block]:
        """Blocks of records that are read one by one."""
        while some := list(islice(records, _RECORDS)):
            columns = self._strictly(some)
            if columns is not None:
                yield self._block(columns, file.tell())

    def _block(self, columns: list[Column], read: int) -> Block:
        block = Block(self.row, columns, read / max(self.table.size, 1))
        self.row += block.rows
        return block

    def _strictly(self, records: Iterable[Record]) -> list[Column] | None:
        """The columns of some records; raises `InputError` with what is wrong with them."""
        names = self.table.names
        kept: list[Record] = []
        for line, cells in records:
            if not cells:
                self.blank.append(line)
                continue
            for empty in self.blank:
                self._wrong_count(empty, 0, len(kept))
                kept.append((empty, [""] * len(names)))
            self.blank.clear()
            if len(cells) != len(names):
                self._wrong_count(line, len(cells), len(kept))
                cells = [*cells, *[""] * len(names)]
            kept.append((line, cells))
        self.problems.check()
        if not kept:
            return None
        columns: list[Column] = []
        for column in self.columns:
            numbers = numbers_of([cells[column] for _, cells in kept])
            if numbers is None:
                raise self._bad_cells(kept)
            columns.append(numbers)
        return columns

    def _wrong_count(self, line: int, found: int, position: int) -> None:
        where = f"{shown(self.table.path)}, row {self.row + position + 1} (line {line})"
        count = counted(found, "cell")
        message = f"{where}: {count}, the header has {len(self.table.names)}"
        self.problems.add("G0510", message)

    def _bad_cells(self, kept: Sequence[Record]) -> InputError:
        for position, (line, cells) in enumerate(kept):
            for column in self.columns:
                if number_of(cells[column]) is None:
                    where = f"{shown(self.table.path)}, row {self.row + position + 1} (line {line})"
                    note_cell(cells[column], self.table.names[column], where, self.problems)
        return InputError(self.problems.found())


def _lines(file: BinaryIO, path: str, before: int = 0) -> Iterator[str]:
    """The lines of a file from where it stands, as text."""
    line = before
    while content := file.readline(_LONGEST_LINE):
        if len(content) == _LONGEST_LINE:
            raise _too_long(path, line + 1)
        text = _text(content, path, line)
        line += 1
        if "\r" in text[:-2]:  # lines that end with a carriage return alone
            yield from io.StringIO(text, newline="")
        else:
            yield text


def _records(lines: Iterable[str], path: str, before: int = 0) -> Iterator[Record]:
    """The records in some lines; raises `InputError` where quotes are not as they must be."""
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise failure(
                "G0510", f"{shown(path)}, line {before + reader.line_num}: {error}"
            ) from error
        if cells is None:
            return
        yield before + reader.line_num, cells


def _too_long(path: str, line: int) -> InputError:
    what = f"{shown(path)}, line {line} is longer than {_LONGEST_LINE // 2**20} MiB"
    return failure("G0510", what, "a row ends with its line")


def _is_text(block: bytes) -> bool:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(content: bytes, path: str, before: int) -> str:
    """Bytes as text; raises `InputError` with the line of what is none."""
    if content.isascii() or _is_text(content):
        text = content.decode("utf-8")
        if "\0" not in text:
            return text
        check_no_nul("\n" * before + text, path)
    decoded(b"\n" * before + content, path)
    raise AssertionError("what is not text was refused")


@cache
def _arrow_csv() -> Any:
    """The reader of pyarrow, or None where it is not installed."""
    try:
        import pyarrow.csv
    except ImportError:
        return None
    return pyarrow.csv


def _by_arrow(block: bytes, width: int, columns: Sequence[int]) -> list[Column] | None:
    """Columns of a block by pyarrow; None where it is not installed, or something is unusual."""
    reader = _arrow_csv()
    if reader is None:
        return None
    import pyarrow as pa

    names = [str(i) for i in range(width)]
    wanted = list(dict.fromkeys(names[i] for i in columns))
    try:
        table = reader.read_csv(
            pa.BufferReader(block),
            read_options=reader.ReadOptions(column_names=names, block_size=2**20),
            parse_options=reader.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=reader.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string())
            ),
        )
    except pa.ArrowException:
        return None
    found: dict[str, Column] = {}
    for name in wanted:
        numbers = numbers_of_arrow(table[name])
        if numbers is None:
            return None
        found[name] = numbers
    return [found[names[i]] for i in columns]
