"""What a data file holds, by the end of its name: values with names, or one value.

Imported where a file or standard input is named: most requests give their numbers as arguments.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from gradc.runtime.inputs_csv import read_csv_columns, read_csv_matrix
from gradc.runtime.inputs_files import check_no_nul, read_text
from gradc.runtime.inputs_json import read_json_object, read_json_value
from gradc.runtime.problems import failure, quoted
from gradc.runtime.values import RawValue

Named = list[tuple[str, RawValue]]

_LONG = 2**20  # bytes


def read_named_values(path: str, suffix: str) -> Named:
    """The values in a file that says their names; raises `InputError`."""
    match suffix:
        case "json":
            return read_json_object(read_text(path), path)
        case "csv" if _is_long(path):
            from gradc.runtime.sources import Source, given_by, read_sources

            return read_sources(given_by([Source(None, path, suffix, None)]))
        case "csv":
            return read_csv_columns(read_text(path), path)
        case "npz":
            from gradc.runtime.inputs_npy import read_npz

            return read_npz(path)
        case _:
            help = f"write NAME={quoted(path, 200)[1:-1]}"
            raise failure("G0501", f"{quoted(path, 200)} holds an array without a name", help)


def read_value(path: str, suffix: str) -> RawValue:
    """The one value in a file, which the caller names; raises `InputError`."""
    match suffix:
        case "json":
            return read_json_value(read_text(path), path)
        case "csv" if _is_long(path):
            from gradc.runtime.sources import Source, given_by, read_sources

            ((_, value),) = read_sources(given_by([Source("X", path, suffix, None)]))
            return value
        case "csv":
            return read_csv_matrix(read_text(path), path)
        case "npy":
            from gradc.runtime.inputs_npy import read_npy

            return read_npy(path)
        case _:
            help = f"give {quoted(path, 200)[1:-1]} alone"
            what = f"{quoted(path, 200)} is an archive whose arrays have their own names"
            raise failure("G0501", what, help)


def _is_long(path: str) -> bool:
    """Whether a table is long enough that arrays, and NumPy with them, pay."""
    try:
        return os.path.getsize(path) > _LONG
    except (OSError, ValueError):
        return False


def read_stream(stdin: Callable[[], str]) -> Named:
    """The values of a JSON object on standard input; raises `InputError`."""
    try:
        text = stdin()
    except OSError as error:
        raise failure(
            "G0504", f"standard input cannot be read: {error.strerror or error}"
        ) from error
    except UnicodeDecodeError as error:
        raise failure("G0505", f"standard input is not UTF-8 text: {error.reason}") from error
    check_no_nul(text, "standard input")
    return read_json_object(text.removeprefix("\ufeff"), "standard input")
