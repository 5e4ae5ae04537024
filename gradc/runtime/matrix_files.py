"""A matrix as the content of a file: .npy and .csv whole, .mtx and .npz by entries.

Every number is written so that it reads back as the same double.  Content is made piece by piece;
names of files end in their format, and nothing is guessed from anything else.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.precision import in_own_digits
from gradc.runtime.layout import Layout
from gradc.runtime.matrix import Entries, Matrix

_PIECE = 2**16  # entries that become text at a time
_NAMED = 100  # of more quantities, a .mtx file does not say which rows they are


def format_of(path: str) -> str:
    """The format that a file name asks for; raises UsageError where it is none."""
    ending = os.path.splitext(path)[1].lower()
    if ending in FORMATS:
        return ending
    raise UsageError(
        [
            Diagnostic(
                "G0791",
                f"no format of matrices is called `{ending or path}`",
                help="a name ends in .npy or .csv for all numbers, in .mtx or .npz for those that "
                "can be other than zero",
            )
        ]
    )


def sparse_format(path: str) -> bool:
    """Whether a file holds the entries that can be other than zero, and no others."""
    return format_of(path) in (".mtx", ".npz")


def content(matrix: Matrix, path: str) -> Iterator[bytes]:
    """What a file of this name holds, in pieces."""
    return FORMATS[format_of(path)](matrix)


def _npy(matrix: Matrix) -> Iterator[bytes]:
    header = io.BytesIO()
    described = {"descr": "<f8", "fortran_order": False, "shape": matrix.shape}
    np.lib.format.write_array_header_1_0(header, described)
    yield header.getvalue()
    for band in matrix.bands():
        yield np.ascontiguousarray(band, dtype="<f8").tobytes()


def _csv(matrix: Matrix) -> Iterator[bytes]:
    """The first row names the columns, the first column the rows."""
    yield _line(["", *map(_quoted, matrix.columns.elements())])
    names = matrix.rows.elements()
    for band in matrix.bands():
        for row in band:
            yield _line([_quoted(next(names)), *map(repr, in_own_digits(row).tolist())])


def _line(cells: list[str]) -> bytes:
    return (",".join(cells) + "\n").encode()


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _mtx(matrix: Matrix) -> Iterator[bytes]:
    """Matrix Market's coordinates, which count from 1; of a symmetric matrix the lower half."""
    entries = _lower(matrix.entries) if matrix.symmetric else matrix.entries
    kind = "symmetric" if matrix.symmetric else "general"
    lines = [f"%%MatrixMarket matrix coordinate real {kind}"]
    lines += [*_places("row", matrix.rows), *_places("column", matrix.columns)]
    lines.append(f"{matrix.shape[0]} {matrix.shape[1]} {entries.values.size}")
    yield ("\n".join(lines) + "\n").encode()
    for start in range(0, entries.values.size, _PIECE):
        part = slice(start, start + _PIECE)
        rows, columns = (entries.rows[part] + 1).tolist(), (entries.columns[part] + 1).tolist()
        values = in_own_digits(entries.values[part]).tolist()
        places = zip(rows, columns, values, strict=True)
        yield "".join(f"{i} {j} {value!r}\n" for i, j, value in places).encode()


def _lower(entries: Entries) -> Entries:
    kept = entries.columns <= entries.rows
    return Entries(entries.rows[kept], entries.columns[kept], entries.values[kept], entries.shape)


def _places(what: str, layout: Layout) -> Iterator[str]:
    """A comment for each quantity: `% rows 1 to 6: W[2,3]`."""
    if len(layout.names) > _NAMED:
        return
    for name, shape, part in zip(layout.names, layout.shapes, layout.parts(), strict=True):
        many = part.stop - part.start
        sizes = f"[{','.join(map(str, shape))}]" if shape else ""
        if many == 1:
            yield f"% {what} {part.stop}: {name}{sizes}"
        elif many:
            yield f"% {what}s {part.start + 1} to {part.stop}: {name}{sizes}"


def _npz(matrix: Matrix) -> Iterator[bytes]:
    """What `scipy.sparse.load_npz` reads: coordinates, which count from 0."""
    entries = matrix.entries
    file = io.BytesIO()
    np.savez(
        file,
        row=entries.rows,
        col=entries.columns,
        data=entries.values,
        shape=np.array(entries.shape),
        format=np.array(b"coo"),
    )
    yield file.getvalue()


FORMATS: Mapping[str, Callable[[Matrix], Iterator[bytes]]] = {
    ".npy": _npy,
    ".csv": _csv,
    ".mtx": _mtx,
    ".npz": _npz,
}
