"""Results of rows as files: CSV, JSON lines, Parquet, Arrow, and NumPy's own.

A number is written with as many digits as give the same double again.  In tables an array is one
column for each element, `dJ/dw[0]`.  Invariant: memory is that of one block.  Deliberately absent:
where the file stands, and that it is complete or not there (`cli.output`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from gradc.diagnostics import Diagnostic, UsageError
from gradc.extras import require
from gradc.ir.precision import in_own_digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradc.runtime.observations import Result

    Array = NDArray[Any]

FORMATS = ("csv", "jsonl", "parquet", "arrow", "npy", "npz")

# Enough for the header of any array, which is written once its length is known.
_HEADER = 192


class Writer(Protocol):
    """Takes the results of block after block, each of shape [rows, ...]."""

    def write(self, columns: Sequence[Array]) -> None:
        """Append the results of some rows."""

    def finish(self) -> None:
        """Write what comes last."""


def format_of(path: str) -> str:
    """The format that the end of a name says; raises UsageError for any other."""
    suffix = path.rpartition(".")[2].lower()
    if suffix in ("ndjson", "feather"):
        return "jsonl" if suffix == "ndjson" else "arrow"
    if suffix not in FORMATS:
        listed = ", ".join(f".{each}" for each in FORMATS)
        raise UsageError(
            [
                Diagnostic(
                    "G0545",
                    f"the end of {path} names no format of results",
                    help=f"rows are written as one of {listed}",
                )
            ]
        )
    return suffix


def writer(form: str, file: BinaryIO, results: Sequence[Result]) -> Writer:
    """What writes results into a file that is open for writing, in a format of `FORMATS`.

    Raises UsageError where a package is missing.
    """
    match form:
        case "csv":
            return _Csv(file, results)
        case "jsonl":
            return _Lines(file, results)
        case "npy":
            return _Matrix(file, results)
        case "npz":
            return _Archive(file, results)
        case _:
            require("pyarrow", "data", f"writing .{form} files")
            return _Arrow(file, results, form)


def _flat(columns: Sequence[Array]) -> Iterator[Array]:
    """Each element of the results as a column of its own."""
    for column in columns:
        if column.ndim == 1:
            yield column
        else:
            yield from column.reshape(len(column), -1).T


def _titles(results: Sequence[Result]) -> list[str]:
    return [title for result in results for title in result.elements()]


class _Csv:
    def __init__(self, file: BinaryIO, results: Sequence[Result]) -> None:
        self._file = file
        titles = (f'"{title}"' if "," in title else title for title in _titles(results))
        self._header = f"{','.join(titles)}\n".encode()

    def write(self, columns: Sequence[Array]) -> None:
        self._begin()
        texts = [map(repr, _plain(column).tolist()) for column in _flat(columns)]
        lines = map(",".join, zip(*texts, strict=True))
        self._file.write(("\n".join(lines) + "\n").encode())

    def _begin(self) -> None:
        """The header goes with the first rows, so that wrong ones leave nothing."""
        self._file.write(self._header)
        self._header = b""

    def finish(self) -> None:
        self._begin()


def _plain(column: Array) -> Array:
    """Truth values as 1 and 0, and numbers in the digits that they have."""
    return column.astype(np.int64) if column.dtype.kind == "b" else in_own_digits(column)


class _Lines:
    """`outputs` and `gradients` as in the JSON of one run, or `jacobian`."""

    def __init__(self, file: BinaryIO, results: Sequence[Result]) -> None:
        self._file = file
        self._results = results
        outputs = [result for result in results if result.input is None]
        self._one = len(outputs) == 1 and not outputs[0].shape

    def write(self, columns: Sequence[Array]) -> None:
        lists = [_json_values(column) for column in columns]
        for values in zip(*lists, strict=True):
            line = json.dumps(self._row(values), ensure_ascii=False, allow_nan=False)
            self._file.write(line.encode() + b"\n")

    def _row(self, values: Sequence[Any]) -> Mapping[str, Any]:
        outputs: dict[str, Any] = {}
        gradients: dict[str, Any] = {}
        jacobian: dict[str, dict[str, Any]] = {}
        for result, value in zip(self._results, values, strict=True):
            if result.input is None:
                outputs[result.output] = value
            elif self._one:
                gradients[result.input] = value
            else:
                jacobian.setdefault(result.output, {})[result.input] = value
        derivatives = {"gradients": gradients} if self._one else {"jacobian": jacobian}
        return {"outputs": outputs, **derivatives}

    def finish(self) -> None:
        pass


def _json_values(column: Array) -> list[Any]:
    """An array as nested lists, in which what JSON has no number for is a text."""
    values = in_own_digits(column).tolist()
    if column.dtype.kind != "f" or np.isfinite(column).all():
        return values  # type: ignore[no-any-return]
    return [_json_value(value) for value in values]


def _json_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_value(part) for part in value]
    if value != value:
        return "nan"
    return value if abs(value) != float("inf") else "inf" if value > 0 else "-inf"


class _Arrow:
    def __init__(self, file: BinaryIO, results: Sequence[Result], form: str) -> None:
        self._file = _Sink(file)
        self._titles = _titles(results)
        self._form = form
        self._writer: Any = None

    def _batch(self, columns: Sequence[Array]) -> Any:
        import pyarrow as pa

        arrays = [pa.array(np.ascontiguousarray(column)) for column in _flat(columns)]
        return pa.record_batch(arrays, names=self._titles)

    def write(self, columns: Sequence[Array]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as parquet

        batch = self._batch(columns)
        if self._writer is None and self._form == "parquet":
            self._writer = parquet.ParquetWriter(self._file, batch.schema)
        elif self._writer is None:
            self._writer = pa.ipc.new_file(self._file, batch.schema)
        self._writer.write_batch(batch)

    def finish(self) -> None:
        if self._writer is None:
            self.write([np.zeros(0) for _ in self._titles])
        self._writer.close()


class _Sink:
    """A file as pyarrow writes to it: after an error, or once it is closed, the rest is dropped.

    pyarrow writes the end of a file even where a writer is deleted without having been closed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._whole = True
        self.closed = False

    def write(self, content: bytes) -> int:
        if not self._whole or self._file.closed:
            return len(content)
        try:
            return self._file.write(content)
        except BaseException:
            self._whole = False
            raise

    def flush(self) -> None:
        """The file is flushed by who opened it."""

    def close(self) -> None:
        """The file is closed by who opened it."""


class _Matrix:
    """One array [rows, columns], with the columns of the CSV file."""

    def __init__(self, file: BinaryIO, results: Sequence[Result]) -> None:
        self._array = _Growing(file, (len(_titles(results)),))

    def write(self, columns: Sequence[Array]) -> None:
        self._array.append(np.stack([each.astype(np.float64) for each in _flat(columns)], axis=1))

    def finish(self) -> None:
        self._array.finish()


class _Growing:
    """A `.npy` file of rows, whose number is written at the end."""

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self._file = file
        self._shape = shape
        self._rows = 0
        file.write(bytes(_HEADER))

    def append(self, rows: Array) -> None:
        self._rows += len(rows)
        self._file.write(np.ascontiguousarray(rows, dtype="<f8").tobytes())

    def finish(self) -> None:
        """Write the header, in the form of `numpy.lib.format`, version 1.0."""
        shape = (self._rows, *self._shape)
        text = str({"descr": "<f8", "fortran_order": False, "shape": shape})
        content = text.encode("ascii").ljust(_HEADER - 11) + b"\n"
        self._file.seek(0)
        self._file.write(b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little") + content)
        self._file.seek(0, os.SEEK_END)


class _Archive:
    """An array [rows, ...] for each result by its name; each grows in a file of its own first."""

    def __init__(self, file: BinaryIO, results: Sequence[Result]) -> None:
        import tempfile

        self._file = file
        self._results = results
        self._stack = ExitStack()
        folder = os.path.dirname(os.path.abspath(file.name))
        self._parts = []
        for _ in results:
            part = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
            self._parts.append(self._stack.enter_context(part))
        self._arrays = [
            _Growing(part, result.shape) for part, result in zip(self._parts, results, strict=True)
        ]

    def write(self, columns: Sequence[Array]) -> None:
        for array, column in zip(self._arrays, columns, strict=True):
            array.append(column)

    def finish(self) -> None:
        import shutil

        with self._stack, ZipFile(self._file, "w", ZIP_STORED) as archive:
            for result, part, array in zip(self._results, self._parts, self._arrays, strict=True):
                array.finish()
                part.seek(0)
                with archive.open(f"{result.name}.npy", "w", force_zip64=True) as member:
                    shutil.copyfileobj(part, member, 2**20)
