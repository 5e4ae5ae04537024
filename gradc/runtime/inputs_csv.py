"""Inputs as a table: comma-separated values with a header row.

Each column becomes a vector, or, asked for by name (`X=data.csv`), the table becomes one
matrix.  Invariant: every cell is a number in the form people type, or a problem that names
its row and column.  Deliberately absent: guessing of separators, of missing values and of
decimal commas.
"""

from __future__ import annotations

import io

from gradc.runtime.literals import TYPED, Number, parse_number, too_large
from gradc.runtime.problems import Problems, counted, quoted
from gradc.runtime.values import RawValue, checked_name


def read_csv_columns(text: str, name: str) -> list[tuple[str, RawValue]]:
    """The columns of a table as vectors, by the names in its header row.

    Raises `InputError` with the problems of the header, the rows and the cells.
    """
    problems = Problems()
    header, rows = _numbers(text, name, problems)
    shown = quoted(name, 200)[1:-1]
    places: dict[str, str] = {}
    for index, title in enumerate(header, 1):
        place = f"{shown}, column {index}"
        key = checked_name(title, place, problems)
        if key in places:
            message = f"{place}: {quoted(key)} is given twice, first in {places[key]}"
            problems.add("G0503", message)
        places.setdefault(key, place)
    problems.check()
    columns: list[list[Number]] = [[] for _ in header]
    for row in rows:
        for column, number in zip(columns, row, strict=True):
            column.append(number)
    return [
        (key, RawValue(column, place, from_column=True))
        for (key, place), column in zip(places.items(), columns, strict=True)
    ]


def read_csv_matrix(text: str, name: str) -> RawValue:
    """The rows of a table as one matrix [rows, columns]; raises `InputError`."""
    problems = Problems()
    _, rows = _numbers(text, name, problems)
    problems.check()
    return RawValue(rows, quoted(name, 200)[1:-1])


def _numbers(text: str, name: str, problems: Problems) -> tuple[list[str], list[list[Number]]]:
    """The header and the rows that have as many cells; other rows are noted as problems."""
    shown = quoted(name, 200)[1:-1]
    header: list[str] = []
    rows: list[list[Number]] = []
    for row, (line, cells) in enumerate(_records(text, shown, problems)):
        if row == 0:
            header = [cell.strip() for cell in cells]
            check_header(header, f"{shown}, line 1", problems)
        elif len(cells) != len(header):
            found = counted(len(cells), "cell")
            message = f"{shown}, row {row} (line {line}): {found}, the header has {len(header)}"
            problems.add("G0510", message)
        else:
            where = f"{shown}, row {row} (line {line})"
            rows.append(_row(cells, header, where, problems))
    if not header:
        raise problems.fatal(
            "G0510", f"{shown}: the table is empty", "its first row names the columns"
        )
    return header, rows


def _records(text: str, shown: str, problems: Problems) -> list[tuple[int, list[str]]]:
    """The records of a table, each with its last line; empty lines at the end are dropped."""
    import csv

    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    records = []
    try:
        for cells in reader:
            records.append((reader.line_num, cells))
    except csv.Error as error:
        raise problems.fatal("G0510", f"{shown}, line {reader.line_num}: {error}") from error
    while records and not records[-1][1]:
        records.pop()
    return records


def check_header(header: list[str], where: str, problems: Problems) -> None:
    """Raise `InputError` where the first row of a table does not name its columns."""
    if not header:
        raise problems.fatal("G0510", f"{where}: the header row is empty", "it names the columns")
    if all(_parsed(title) is not None for title in header):
        raise problems.fatal(
            "G0510",
            f"{where}: the first row has numbers where the names of the columns must stand",
            "add a header row, as in `x,y`",
        )
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise problems.fatal(
                "G0510",
                f"{where}: the columns are separated by {word}",
                "separate them by commas",
            )


def _parsed(cell: str) -> Number | None:
    try:
        return parse_number(cell, TYPED)
    except OverflowError:
        return None


def _row(cells: list[str], header: list[str], where: str, problems: Problems) -> list[Number]:
    """The numbers of a row; a cell that is none is noted as a problem and left out."""
    numbers: list[Number] = []
    for title, cell in zip(header, cells, strict=True):
        number = note_cell(cell, title, where, problems)
        if number is not None:
            numbers.append(number)
    return numbers


def note_cell(cell: str, title: str, where: str, problems: Problems) -> Number | None:
    """The number in a cell of a column; a cell that has none is noted as a problem."""
    try:
        number = parse_number(cell, TYPED)
    except OverflowError:
        problems.add("G0509", f"{where}, column {quoted(title)}: {too_large(cell.strip())}")
        return None
    if number is None and cell.strip():
        what = f"{where}, column {quoted(title)}: {quoted(cell)} is not a number"
        problems.add("G0507", what, TYPED.help)
    elif number is None:
        what = f"{where}, column {quoted(title)}: the cell is empty"
        problems.add("G0507", what, "write nan for a missing number")
    return number
