"""One array of a NumPy file as a table: its first axis counts the rows.

Invariant: of a large array only the rows of a block are in memory, in a compressed archive too.
Deliberately absent: several arrays of an archive in one table; each is one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from gradc.runtime.inputs_files import open_regular
from gradc.runtime.inputs_npy import ZIP_ERRORS, checked_members, member_place, read_header
from gradc.runtime.problems import Problems, failure
from gradc.runtime.tables import Block, shown

if TYPE_CHECKING:
    from typing import IO

_BYTES = 8 * 2**20


class ArraysTable:
    """The array of a `.npy` file, or of a member of a `.npz` archive."""

    def __init__(self, path: str, member: str | None = None) -> None:
        self.path = path
        self.member = member
        self.names: tuple[str, ...] = ("",)
        with self._opened() as (stream, size):
            self.size = size
            self._header, self._start = read_header(stream, size, self._place, Problems())
        self.shape = self._header.shape
        self.rows: int | None = self.shape[0] if self.shape else 1
        self.cells: tuple[tuple[int, ...], ...] = (self.shape[1:],)

    @property
    def _place(self) -> str:
        return member_place(self.path, self.member) if self.member else shown(self.path)

    @contextmanager
    def _opened(self) -> Iterator[tuple[IO[bytes], int]]:
        """The bytes of the array's file, and how many there are."""
        with open_regular(self.path) as file:
            if self.member is None:
                size = file.seek(0, 2)
                file.seek(0)
                yield file, size
                return
            try:
                with ZipFile(file) as archive:
                    member = archive.getinfo(self.member)
                    with archive.open(member) as stream:
                        yield stream, member.file_size
            except ZIP_ERRORS as error:
                what = str(error) or type(error).__name__
                raise failure(
                    "G0511", f"{shown(self.path)} is not a readable .npz archive: {what}"
                ) from error

    def blocks(self, columns: Sequence[int]) -> Iterator[Block]:
        """The rows, in blocks."""
        import numpy as np

        header, rows = self._header, self.rows or 0
        width = prod(self.shape[1:]) * header.itemsize
        step = max(1, _BYTES // max(width, 1))
        with self._opened() as (stream, _):
            stream.read(self._start)
            whole: Any = None
            if header.fortran_order and len(self.shape) > 1:
                whole = self._by_columns(stream)
            for start in range(0, rows, step):
                count = min(step, rows - start)
                if whole is not None:
                    block = np.ascontiguousarray(whole[start : start + count])
                else:
                    content = stream.read(count * width)
                    if len(content) < count * width:
                        raise failure("G0511", f"{self._place}: the file ends early")
                    block = np.frombuffer(content, dtype=header.dtype).reshape(
                        count, *self.shape[1:]
                    )
                yield Block(start, [block] * len(columns), (start + count) / rows)

    def _by_columns(self, stream: Any) -> Any:
        """The whole array where its rows are not contiguous; on disk where it is no archive's."""
        import numpy as np

        header = self._header
        if self.member is None:
            return np.memmap(self.path, header.dtype, "r", self._start, self.shape, order="F")
        content = stream.read(header.size)
        return np.frombuffer(content, dtype=header.dtype).reshape(self.shape, order="F")


def arrays_of(path: str) -> dict[str, ArraysTable]:
    """The arrays of an archive by their names; raises `InputError`."""
    problems = Problems()
    with open_regular(path) as file:
        try:
            with ZipFile(file) as archive:
                members = checked_members(archive, path, problems)
        except ZIP_ERRORS as error:
            what = str(error) or type(error).__name__
            raise problems.fatal(
                "G0511", f"{shown(path)} is not a readable .npz archive: {what}"
            ) from error
    problems.check()
    return {name: ArraysTable(path, member.filename) for name, member in members.items()}
