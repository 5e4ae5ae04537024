"""A file of JSON lines as a table: one object a line, with the same names in every one.

A line that is as expected is read by `json`; any other by the strict reader of JSON data, which
says what is wrong and where.  Invariant: both take the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gradc.diagnostics import InputError
from gradc.runtime.inputs_files import decoded, open_regular
from gradc.runtime.inputs_json import read_json_object
from gradc.runtime.literals import JSON
from gradc.runtime.problems import failure, quoted
from gradc.runtime.tables import Block, shown

if TYPE_CHECKING:
    from gradc.runtime.tables import Column

_ROWS = 16_384
_LONGEST_LINE = 64 * 2**20
_WORDS = {word[1:-1]: value for word, value in JSON.words.items()}


class LinesTable:
    """A file whose lines are JSON objects of numbers, or of lists of numbers."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.rows: int | None = None
        with open_regular(path) as file:
            self.size = file.seek(0, 2)
            file.seek(0)
            first = file.readline(_LONGEST_LINE)
        if not first.strip():
            raise failure(
                "G0510", f"{shown(path)}: there is no row", "each line is a JSON object of numbers"
            )
        row = self._row(first, 0)
        self.names = tuple(row)
        self.cells = tuple(map(_shape, row.values()))

    def blocks(self, columns: Sequence[int]) -> Iterator[Block]:
        """Some of the columns, in blocks of rows."""
        names = [self.names[i] for i in columns]
        known = set(self.names)
        start, rows, blank = 0, [], False
        with open_regular(self.path) as file:
            for number, line in enumerate(_lines(file, self.path)):
                if not line.strip():
                    blank = True
                    continue
                if blank:
                    raise failure(
                        "G0510", f"{shown(self.path)}, line {number}: there is no row in this line"
                    )
                row = self._row(line, number)
                if row.keys() != known:
                    raise self._other_names(row, number)
                rows.append([row[name] for name in names])
                if len(rows) == _ROWS:
                    yield Block(start, self._columns(rows, columns, start), file.tell() / self.size)
                    start, rows = start + len(rows), []
        if rows:
            yield Block(start, self._columns(rows, columns, start), 1.0)

    def _row(self, line: bytes, number: int) -> dict[str, Any]:
        """The values of one line by name; raises `InputError`."""
        try:
            row = json.loads(
                line,
                object_pairs_hook=_object,
                parse_int=_number,
                parse_float=_number,
                parse_constant=_refused,
            )
            if type(row) is dict:
                return row
        except (ValueError, RecursionError):
            pass
        text = "\n" * number + decoded(line.rstrip(b"\r\n"), self.path)
        return {name: _as_floats(value.data) for name, value in read_json_object(text, self.path)}

    def _other_names(self, row: dict[str, Any], number: int) -> InputError:
        missing = [quoted(name) for name in self.names if name not in row]
        more = [quoted(name) for name in row if name not in self.names]
        found = [f"{', '.join(missing[:8])} missing"] if missing else []
        found += [f"{', '.join(more[:8])} not in the first row"] if more else []
        return failure("G0510", f"{shown(self.path)}, line {number + 1}: {'; '.join(found)}")

    def _columns(
        self, rows: Sequence[Sequence[Any]], columns: Sequence[int], start: int
    ) -> list[Column]:
        import numpy as np

        found = []
        for position, values in zip(columns, zip(*rows, strict=True), strict=True):
            cell = self.cells[position]
            for row, value in enumerate(values):
                if _shape(value) != cell:
                    raise failure(
                        "G0508",
                        f"{shown(self.path)}, line {start + row + 1}: "
                        f"{quoted(self.names[position])} has another shape than in the first row",
                    )
            found.append(np.array(values, dtype=np.float64).reshape(len(values), *cell))
        return found


def _lines(file: Any, path: str) -> Iterator[bytes]:
    """The lines of a file, without a byte-order mark."""
    first = True
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise failure("G0510", f"{shown(path)}: a line is longer than 64 MiB")
        yield line.removeprefix(b"\xef\xbb\xbf") if first else line
        first = False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The row that some pairs are; raises ValueError where something is unusual."""
    row = {name: _plain(value) for name, value in pairs}
    if len(row) < len(pairs) or not all(name.isidentifier() and name.isascii() for name in row):
        raise ValueError
    return row


def _plain(value: Any) -> Any:
    """A number or nested list of numbers; raises ValueError for anything else."""
    if type(value) is float:
        return value
    if type(value) is str and value in _WORDS:
        return _WORDS[value]
    if type(value) is list:
        return [_plain(part) for part in value]
    raise ValueError


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _refused(word: str) -> float:
    raise ValueError(word)


def _as_floats(data: Any) -> Any:
    return [_as_floats(part) for part in data] if isinstance(data, list) else float(data)


def _shape(value: Any) -> tuple[int, ...]:
    """The shape of a value that is rectangular; (-1,) for one that is not."""
    if not isinstance(value, list):
        return ()
    inner = {_shape(part) for part in value}
    if len(inner) > 1:
        return (-1,)
    return (len(value), *(inner.pop() if inner else ()))
