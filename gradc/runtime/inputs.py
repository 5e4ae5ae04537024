"""Reading the data given on the command line: `a=5,b=[1,2]`, `data.csv`, `X=x.npy`, `-`.

Invariant: whatever the arguments and the files hold, the answer is values or one
`InputError` with all the problems; nothing is evaluated.  Deliberately absent: what the
program declares.  Whether the values fit it is for `bind` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, InputError
from gradc.runtime.literals import TYPED, Scanner
from gradc.runtime.problems import Problems, failure, quoted
from gradc.runtime.values import RawValue, checked_name

_ASSIGNMENT = re.compile(r"\s*[^\W\d]\w*\s*=")
_DATA_FILE = re.compile(r".*\.(npy|npz|json|csv)\Z", re.IGNORECASE | re.DOTALL)
# Files of which columns are chosen, and those that only `sources` reads.
_TABLE = re.compile(r"\.(?:csv|npz):|\.(?:parquet|arrow|feather|jsonl|ndjson)\b", re.IGNORECASE)
_ANY_TABLE = re.compile(
    r"\.(?:csv|npy|npz|parquet|arrow|feather|jsonl|ndjson)(?::|\s*(?:,|\Z))", re.IGNORECASE
)
_PUNCTUATION = re.compile(r"[\[\],]")

_FORMS = "give NAME=VALUE, a .json, .csv or .npz file, NAME=file.npy, or - for standard input"

Named = list[tuple[str, RawValue]]


class Reading(NamedTuple):
    """What could be read, and what was wrong with the rest.

    `unread` names values that were given and could not be read; None where a whole source
    was unreadable, so that nobody knows what it holds.
    """

    values: dict[str, RawValue]
    problems: tuple[Diagnostic, ...]
    unread: frozenset[str] | None


def names_a_table(specs: Sequence[str]) -> bool:
    """Whether one of the arguments may name a file with rows."""
    return any(map(_ANY_TABLE.search, specs))


def read_inputs(specs: Sequence[str], stdin: Callable[[], str]) -> dict[str, RawValue]:
    """The values that the arguments of a command name.

    Each spec is one of

    - `NAME=VALUE[,NAME=VALUE...]`, a value being a number (JSON's, and `+5`, `.5`, `nan`,
      `inf`, `-inf`), an array of them in brackets, or the name of a data file;
    - the name of a `.json` file (an object), a `.csv`, `.parquet`, `.arrow` or `.jsonl` file (its
      columns have names, each is a vector), or a `.npz` archive;
    - `NAME=FILE:COLUMN` or `NAME=FILE:COLUMN,COLUMN`, for some columns of a file;
    - `-`, for a JSON object on standard input, which `stdin` then reads.

    Names are brought to NFKC.  Raises `InputError` with the problems of every spec.
    """
    reading = read_what_can_be(specs, stdin)
    if reading.problems:
        raise InputError(reading.problems)
    return reading.values


def read_what_can_be(specs: Sequence[str], stdin: Callable[[], str]) -> Reading:
    """As `read_inputs`, for reporting the problems together with those of binding."""
    values: dict[str, RawValue] = {}
    unread: frozenset[str] | None = frozenset()
    problems = Problems(limit=50)
    if sum(spec == "-" for spec in specs) > 1:
        problems.add("G0503", "standard input `-` is given twice")
        specs = [spec for spec in specs if spec != "-"]

    def take(named: Named) -> None:
        for name, value in named:
            if name in values:
                places = f"{values[name].place}, and {value.place}"
                problems.add("G0503", f"{quoted(name)} is given twice: {places}")
            else:
                values[name] = value

    if any(map(_TABLE.search, specs)):
        from gradc.runtime.sources import columns_among

        try:
            columns, specs = columns_among(specs)
            take(columns)
        except InputError as error:
            return Reading({}, error.diagnostics, None)
    for spec in specs:
        try:
            take(_read_spec(spec, stdin))
        except InputError as error:
            problems.extend(error.diagnostics)
            names = _attempted(spec)
            unread = None if names is None or unread is None else unread | names
    return Reading(values, problems.found(), unread)


def _attempted(spec: str) -> frozenset[str] | None:
    """The names to which a spec wanted to give values; None for a file or a stream."""
    if not _ASSIGNMENT.match(spec):
        return None
    names = (spec[start:end].partition("=")[0].strip() for start, end in segments(spec))
    return frozenset(names)


def _read_spec(spec: str, stdin: Callable[[], str]) -> Named:
    if spec == "-":
        from gradc.runtime.inputs_formats import read_stream

        return read_stream(stdin)
    suffix = _data_suffix(spec)
    if _ASSIGNMENT.match(spec) or ("=" in spec and suffix is None):
        return _read_assignments(spec)
    if suffix is None:
        what = f"{quoted(spec)} is neither NAME=VALUE nor the name of a data file"
        raise failure("G0501", what, _FORMS)
    from gradc.runtime.inputs_formats import read_named_values

    return read_named_values(spec, suffix)


def _data_suffix(text: str) -> str | None:
    match = _DATA_FILE.match(text)
    return None if match is None else match[1].lower()


def _read_assignments(spec: str) -> Named:
    problems = Problems()
    named: Named = []
    for start, end in segments(spec):
        try:
            named.append(_read_assignment(spec, start, end))
        except InputError as error:
            problems.extend(error.diagnostics)
    problems.check()
    return named


def segments(spec: str) -> Iterator[tuple[int, int]]:
    """The ranges between the commas that stand outside brackets."""
    depth = start = 0
    for mark in _PUNCTUATION.finditer(spec):
        if mark[0] == "[":
            depth += 1
        elif mark[0] == "]":
            depth = max(depth - 1, 0)
        elif depth == 0:
            yield start, mark.start()
            start = mark.end()
    yield start, len(spec)


def _read_assignment(spec: str, start: int, end: int) -> tuple[str, RawValue]:
    problems = Problems()
    text = spec[start:end]

    def place(at: int) -> str:
        return f"character {start + at + 1} of {quoted(spec)}"

    left, equals, right = text.partition("=")
    if not equals:
        what = f"{quoted(text.strip())} has no name" if text.strip() else "NAME=VALUE is missing"
        help = "the elements of an array stand in brackets, as in b=[1,2]"
        raise problems.fatal("G0501", f"{place(0)}: {what}", help)
    name = checked_name(left.strip(), place(0), problems)
    written = right.strip()
    suffix = None if written.startswith("[") else _data_suffix(written)
    if suffix is not None:
        problems.check()
        from gradc.runtime.inputs_formats import read_value

        return name, read_value(written, suffix)
    scanner = Scanner(text, TYPED, place, problems)
    data, at = scanner.value(len(left) + 1)
    at = scanner.skip(at)
    if at < len(text):
        found = quoted(text[at:])
        problems.add("G0506", f"{place(at)}: {found} must not follow the value of {quoted(name)}")
    problems.check()
    return name, RawValue(data, place(0))
