"""Which columns of which files the inputs of a program receive: `y=data.csv:label`, `data.csv`.

    data.csv                     every column, by its own name
    y=data.csv:label             one column
    X=data.csv:x1,x2,x3          several columns: each row of X has them as elements
    X=data.csv:"a, in m",b       columns in quotes, where a name has a comma or `=`
    X=data.csv                   all columns, likewise
    X=x.npy, archive.npz         arrays, whose first axis counts the rows

Invariant: a name has one source.  Deliberately absent: whether a column is what an input needs,
which depends on the program, and reading the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradc.diagnostics import InputError
from gradc.runtime.problems import Problems, counted, failure, quoted
from gradc.runtime.tables import TABLES, Table, open_table, shown, whole
from gradc.runtime.values import RawValue, checked_name

if TYPE_CHECKING:
    from gradc.runtime.tables import Column

_TABLE = re.compile(
    rf"(?P<path>.+?\.(?P<suffix>{'|'.join(TABLES)}))(?::(?P<columns>.*))?\Z",
    re.IGNORECASE | re.DOTALL,
)
# A column may stand in quotes, as in a file of CSV: its name then holds anything.
_QUOTED = re.compile(r'(?<=[:,])\s*"(?:[^"]|"")*"\s*(?=,|\Z)')
_NAMED = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*=\s*(?P<rest>[^\s\[].*)\Z", re.DOTALL)


# Forms that `inputs_formats` reads as a whole.
_WHOLE = ("csv", "npy", "npz")


class Source(NamedTuple):
    """A file that is named among the inputs; without a `name`, its columns have their own."""

    name: str | None
    path: str
    suffix: str
    columns: tuple[str, ...] | None  # None: all of them


class Given(NamedTuple):
    """What one input receives in each row: cells of some columns."""

    name: str
    table: Table
    columns: tuple[int, ...]
    cell: tuple[int, ...]  # the shape for one row
    place: str

    def column_name(self, element: int) -> str:
        """The column in which an element of the first axis of a cell stands, for messages."""
        return self.table.names[self.columns[element if len(self.columns) > 1 else 0]]


def sources_of(specs: Sequence[str]) -> tuple[list[Source], list[str]]:
    """The files with tables among the specs of a command, and the other specs.

    Raises `InputError` for a spec that names a column without a name.
    """
    found: list[Source] = []
    others: list[str] = []
    for spec in specs:
        source = None if "=" in _value(spec) else _source_of(spec)
        if source is None:
            rest = []
            for part in _parts(spec):
                inner = _source_of(part)
                if inner is None:
                    rest.append(part)
                else:
                    found.append(inner)
            others += [",".join(rest)] if rest else []
        else:
            found.append(source)
    return found, others


def _masked(text: str) -> str:
    """The text with columns in quotes made unreadable, every other character at its place."""
    return _QUOTED.sub(lambda match: "\0" * len(match[0]), text)


def _value(spec: str) -> str:
    """What stands behind the first NAME=, or all of it, without columns in quotes."""
    masked = _masked(spec)
    named = _NAMED.match(masked)
    return named["rest"] if named else masked


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What stands between commas outside quotes, masked and as written."""
    at = 0
    for piece in _masked(text).split(","):
        yield piece, text[at : at + len(piece)]
        at += len(piece) + 1


def _parts(spec: str) -> list[str]:
    """The parts of `a=1,y=data.csv:p,q,b=2`, of which `y=data.csv:p,q` is one."""
    parts: list[str] = []
    depth = 0
    for piece, written in _pieces(spec):
        continues = depth or (parts and "=" not in piece and _has_columns(parts[-1]))
        if parts and continues:
            parts[-1] += f",{written}"
        else:
            parts.append(written)
        depth = max(depth + piece.count("[") - piece.count("]"), 0)
    return parts


def _has_columns(part: str) -> bool:
    match = _NAMED.match(part)
    table = _TABLE.match(match["rest"]) if match else None
    return table is not None and table["columns"] is not None


def _source_of(spec: str) -> Source | None:
    named = _NAMED.match(spec)
    text = (named["rest"] if named else spec).strip()
    match = _TABLE.match(_masked(text))
    if match is None:
        return None
    path, suffix = match["path"], match["suffix"].lower()
    if match["columns"] is None:
        return Source(named["name"] if named else None, path, suffix, None)
    wanted = tuple(map(_unquoted, _pieces(text[match.start("columns") - 1 :])))
    if named is None:
        help = f"write X={spec}, with the name of the input in front"
        raise failure("G0541", f"{quoted(spec)} chooses columns for no input", help)
    if not all(wanted):
        raise failure(
            "G0541", f"{quoted(spec)} chooses a column without a name", "as in X=data.csv:x1,x2"
        )
    return Source(named["name"], path, suffix, wanted)


def _unquoted(piece: tuple[str, str]) -> str:
    """The name of a column, of which a piece is written `name` or `"name"`."""
    masked, written = piece
    name = written.removeprefix(":").strip()
    return name[1:-1].replace('""', '"') if "\0" in masked else name


def given_by(sources: Sequence[Source]) -> list[Given]:
    """What each input receives, with every file opened once.

    Raises `InputError` for files that hold no table, for columns that are not there, and for
    names that are given twice.
    """
    problems = Problems(limit=50)
    tables: dict[str, Table] = {}
    found: dict[str, Given] = {}
    for source in sources:
        try:
            for given in _of_source(source, tables):
                first = found.setdefault(given.name, given)
                if first is not given:
                    places = f"{first.place}, and {given.place}"
                    problems.add("G0503", f"{quoted(given.name)} is given twice: {places}")
        except InputError as error:
            problems.extend(error.diagnostics)
    problems.check()
    return list(found.values())


def _of_source(source: Source, tables: dict[str, Table]) -> Iterator[Given]:
    if source.suffix == "npz":
        yield from _of_archive(source)
        return
    if source.path not in tables:
        tables[source.path] = open_table(source.path, source.suffix)
    table = tables[source.path]
    problems = Problems()
    if source.name is None:
        yield from _every_column(table, source.suffix)
        return
    name = checked_name(source.name, quoted(source.path, 200), problems)
    problems.check()
    if source.suffix == "npy":
        if source.columns is not None:
            raise failure("G0541", f"{shown(source.path)} is an array and has no named columns")
        yield Given(name, table, (0,), table.cells[0], shown(source.path))
    elif source.columns is None:
        columns = tuple(range(len(table.names)))
        yield Given(name, table, columns, _joint(table, columns), shown(source.path))
    else:
        columns = tuple(_position(table, column, problems) for column in source.columns)
        problems.check()
        place = f"{shown(source.path)}:{','.join(source.columns)}"
        cell = table.cells[columns[0]] if len(columns) == 1 else _joint(table, columns)
        yield Given(name, table, columns, cell, place)


def _of_archive(source: Source) -> Iterator[Given]:
    from gradc.runtime.tables_npy import arrays_of

    arrays = arrays_of(source.path)
    if source.name is None:
        for name, table in arrays.items():
            yield Given(name, table, (0,), table.cells[0], f"{shown(source.path)}:{name}")
        return
    if source.columns is None or len(source.columns) > 1 or source.columns[0] not in arrays:
        listed = ", ".join(arrays) or "none"
        what = f"{shown(source.path)} is an archive whose arrays have their own names"
        raise failure("G0501", what, f"write NAME={shown(source.path)}:ARRAY; it holds {listed}")
    table = arrays[source.columns[0]]
    place = f"{shown(source.path)}:{source.columns[0]}"
    yield Given(source.name, table, (0,), table.cells[0], place)


def _every_column(table: Table, suffix: str) -> Iterator[Given]:
    if suffix == "npy":
        help = f"write NAME={shown(table.path)}"
        raise failure("G0501", f"{quoted(table.path, 200)} holds an array without a name", help)
    problems = Problems()
    places: dict[str, str] = {}
    found = []
    for position, title in enumerate(table.names):
        place = f"{shown(table.path)}, column {position + 1}"
        name = checked_name(title, place, problems)
        if name in places:
            problems.add(
                "G0503", f"{place}: {quoted(name)} is given twice, first in {places[name]}"
            )
        places.setdefault(name, place)
        found.append(Given(name, table, (position,), table.cells[position], place))
    problems.check()
    yield from found


def _position(table: Table, column: str, problems: Problems) -> int:
    """The position of the only column of a name."""
    count = table.names.count(column)
    if count == 1:
        return table.names.index(column)
    if count:
        problems.add(
            "G0503", f"{shown(table.path)} has {counted(count, 'column')} called {quoted(column)}"
        )
        return 0
    from difflib import get_close_matches

    near = get_close_matches(column, table.names, n=1)
    listed = ", ".join(map(quoted, table.names[:12]))
    more = f" and {len(table.names) - 12} more" if len(table.names) > 12 else ""
    help = f"did you mean {quoted(near[0])}?" if near else f"its columns are {listed}{more}"
    if any("," in title for title in table.names):
        help += """; a name with a comma stands in quotes, as in 'X=data.csv:"x, in m"'"""
    problems.add("G0541", f"{shown(table.path)} has no column {quoted(column)}", help)
    return 0


def _joint(table: Table, columns: Sequence[int]) -> tuple[int, ...]:
    """The shape of the cells of several columns beside each other; raises `InputError`."""
    shapes = {table.cells[column] for column in columns}
    if len(shapes) > 1:
        raise failure(
            "G0508", f"{shown(table.path)}: columns that are joined differ in the shape of cells"
        )
    return (len(columns), *(shapes.pop() if shapes else ()))


def joined(given: Given, columns: Sequence[Column]) -> Column:
    """What an input receives in some rows, from the arrays of its columns."""
    import numpy as np

    if len(given.columns) == 1 and len(given.cell) == columns[0].ndim - 1:
        return columns[0]
    return np.stack(columns, axis=1)


def read_sources(found: Sequence[Given]) -> list[tuple[str, RawValue]]:
    """All rows of what the inputs receive, each file read once; raises `InputError`."""
    by_table: dict[Table, list[Given]] = {}
    for given in found:
        by_table.setdefault(given.table, []).append(given)
    arrays: dict[str, RawValue] = {}
    for table, each in by_table.items():
        wanted = list(dict.fromkeys(column for given in each for column in given.columns))
        columns = dict(zip(wanted, whole(table, wanted), strict=True))
        for given in each:
            data = joined(given, [columns[column] for column in given.columns])
            arrays[given.name] = RawValue(data, given.place, from_column=not given.cell)
    return [(given.name, arrays[given.name]) for given in found]


def columns_among(specs: Sequence[str]) -> tuple[list[tuple[str, RawValue]], list[str]]:
    """All rows of what the specs of a command take from tables, and the other specs.

    A file that is named without columns is left to the readers of whole files where they know
    its form.  Raises `InputError`.
    """
    sources, others = sources_of(specs)
    plain = [source for source in sources if source.columns is None and source.suffix in _WHOLE]
    chosen = [source for source in sources if source not in plain]
    others += [f"{each.name}={each.path}" if each.name else each.path for each in plain]
    return read_sources(given_by(chosen)), others
