"""Inputs as NumPy files: one array (`.npy`) or an archive of named ones (`.npz`).

Invariant: nothing in a file is evaluated or unpickled, and nothing is allocated before the
header's claim about its size has been held against the size of the file.  The header is
matched against the one form that NumPy writes; `numpy.load` would parse it as Python.
Deliberately absent: dtypes that are not real numbers, and structured records.
"""

from __future__ import annotations

import re
import struct
import zlib
from math import prod
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from gradc.runtime.inputs_files import open_regular
from gradc.runtime.problems import Problems, counted, quoted
from gradc.runtime.values import MAX_RANK, RawValue, checked_name

if TYPE_CHECKING:
    from typing import IO

    import numpy as np
    from numpy.typing import NDArray

_DESCR = re.compile(rb"""'descr'\s*:\s*'([<>|=])([a-zA-Z])(\d{0,9})[^']{0,40}'\s*[,}]""")
_ORDER = re.compile(rb"'fortran_order'\s*:\s*(True|False)\s*[,}]")
_SHAPE = re.compile(rb"'shape'\s*:\s*\(([\dL,\s]*)\)\s*[,}]")
_LONGEST_HEADER = 10_000

_KINDS = {
    b"O": "Python objects",
    b"c": "complex numbers",
    b"b": "booleans",
    b"S": "strings",
    b"a": "strings",
    b"U": "strings",
    b"M": "dates",
    b"m": "time differences",
    b"V": "raw bytes",
}
_SIZES = {b"i": (1, 2, 4, 8), b"u": (1, 2, 4, 8), b"f": (2, 4, 8)}

# An archive may hold compressed zeros in earnest, but not gigabytes of them in a few bytes.
_HARMLESS_BYTES = 256 * 2**20
_HARMLESS_RATIO = 100

# All that `zipfile` raises for an archive that is damaged or encrypted.
ZIP_ERRORS = (
    BadZipFile,
    EOFError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Header(NamedTuple):
    dtype: str
    fortran_order: bool
    shape: tuple[int, ...]
    itemsize: int

    @property
    def size(self) -> int:
        """The number of bytes of the elements."""
        return prod(self.shape) * self.itemsize


def read_npy(path: str) -> RawValue:
    """The array of a `.npy` file, of a real or integer dtype; raises `InputError`."""
    shown = quoted(path, 200)[1:-1]
    with open_regular(path) as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(0)
        return RawValue(_read_array(file, size, shown), shown)


def read_npz(path: str) -> list[tuple[str, RawValue]]:
    """The arrays of a `.npz` archive by name; raises `InputError`."""
    shown = quoted(path, 200)[1:-1]
    problems = Problems()
    with open_regular(path) as file:
        try:
            with ZipFile(file) as archive:
                return _read_members(archive, path, problems)
        except ZIP_ERRORS as error:
            what = str(error) or type(error).__name__
            raise problems.fatal(
                "G0511", f"{shown} is not a readable .npz archive: {what}"
            ) from error


def member_place(path: str, member: str) -> str:
    """Where a member of an archive is, in words."""
    return f"{quoted(path, 200)[1:-1]}, {quoted(member)}"


def checked_members(archive: ZipFile, path: str, problems: Problems) -> dict[str, ZipInfo]:
    """The arrays of an archive by their names as inputs; raises `InputError`."""
    members = archive.infolist()
    _check_expansion(members, quoted(path, 200)[1:-1], problems)
    found: dict[str, ZipInfo] = {}
    for member in members:
        place = member_place(path, member.filename)
        stem = member.filename.removesuffix(".npy")
        if stem == member.filename:
            problems.add("G0511", f"{place} is not an array", "every member is a .npy file")
            continue
        name = checked_name(stem, place, problems)
        if name in found:
            first = member_place(path, found[name].filename)
            problems.add("G0503", f"{place}: {quoted(name)} is given twice, first in {first}")
        found.setdefault(name, member)
    return found


def _read_members(archive: ZipFile, path: str, problems: Problems) -> list[tuple[str, RawValue]]:
    values = []
    for name, member in checked_members(archive, path, problems).items():
        place = member_place(path, member.filename)
        with archive.open(member) as stream:
            values.append((name, RawValue(_read_array(stream, member.file_size, place), place)))
    problems.check()
    return values


def _check_expansion(members: list[ZipInfo], shown: str, problems: Problems) -> None:
    for member in members:
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or member.flag_bits & 1:
            raise problems.fatal(
                "G0511",
                f"{shown}: {quoted(member.filename)} is encrypted or compressed in a way that "
                "NumPy does not write",
            )
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_HARMLESS_BYTES, _HARMLESS_RATIO * packed):
        raise problems.fatal(
            "G0511",
            f"{shown} claims to expand from {packed} to {unpacked} bytes",
            "if that is meant, save it with numpy.savez, uncompressed",
        )


def _read_array(stream: BinaryIO | IO[bytes], size: int, place: str) -> NDArray[np.generic]:
    """The array in a stream of `size` bytes."""
    problems = Problems()
    header, _ = read_header(stream, size, place, problems)
    try:
        content = stream.read(header.size)
    except (OSError, MemoryError) as error:
        raise problems.fatal(
            "G0504", f"{place} cannot be read: {error or 'out of memory'}"
        ) from error
    if len(content) != header.size:
        raise problems.fatal("G0511", f"{place}: the file ends early")
    import numpy as np

    array = np.frombuffer(content, dtype=header.dtype)
    try:
        return array.reshape(header.shape, order="F" if header.fortran_order else "C")
    except ValueError as error:  # no elements, but axes longer than memory has addresses
        raise problems.fatal("G0511", f"{place}: {error}") from error


def read_header(
    stream: BinaryIO | IO[bytes], size: int, place: str, problems: Problems
) -> tuple[Header, int]:
    """The header of a stream of `size` bytes, and the offset of the first element.

    Raises `InputError` where the elements do not fill the rest.
    """
    header, start = _parsed_header(stream, place, problems)
    if header.size != size - start:
        shape = "x".join(map(str, header.shape)) or "one number"
        raise problems.fatal(
            "G0511",
            f"{place}: its header claims {shape} of {counted(header.itemsize, 'byte')} each, "
            f"that is {header.size} bytes, but {max(size - start, 0)} follow",
            "the file was cut off or changed",
        )
    return header, start


def _parsed_header(
    stream: BinaryIO | IO[bytes], place: str, problems: Problems
) -> tuple[Header, int]:
    """The header alone, whose format is that of `numpy.lib.format`: magic, version, length, and a
    Python dict."""
    prefix = stream.read(8)
    if prefix[:6] != b"\x93NUMPY":
        raise problems.fatal("G0511", f"{place} is not a .npy file")
    width = 2 if prefix[6:7] == b"\x01" else 4
    field = stream.read(width)
    length = int.from_bytes(field, "little")
    if len(field) < width or length > _LONGEST_HEADER:
        raise problems.fatal("G0511", f"{place}: the header is damaged")
    text = stream.read(length)
    descr = _DESCR.search(text)
    order = _ORDER.search(text)
    shape = _SHAPE.search(text)
    if len(text) == length and descr is None and b"'descr'" in text:
        raise problems.fatal("G0512", f"{place} holds structured records", _REAL_ONLY)
    if len(text) < length or descr is None or order is None or shape is None:
        raise problems.fatal("G0511", f"{place}: the header is damaged")
    sizes = [int(axis) for axis in re.findall(rb"\d{1,18}", shape[1])]
    if len(sizes) > MAX_RANK:
        raise problems.fatal("G0511", f"{place} has more than {MAX_RANK} axes")
    itemsize = _checked_itemsize(descr, place, problems)
    dtype = (descr[1] + descr[2]).decode("ascii") + str(itemsize)
    header = Header(dtype, order[1] == b"True", tuple(sizes), itemsize)
    return header, 8 + width + length


_REAL_ONLY = "an input is an array of real numbers or integers"


def _checked_itemsize(descr: re.Match[bytes], place: str, problems: Problems) -> int:
    kind, digits = descr[2], descr[3]
    if kind in _KINDS:
        raise problems.fatal("G0512", f"{place} holds {_KINDS[kind]}", _REAL_ONLY)
    itemsize = int(digits or b"0")
    if itemsize not in _SIZES.get(kind, ()):
        dtype = quoted((kind + digits).decode("ascii"))
        raise problems.fatal("G0512", f"{place} holds elements of dtype {dtype}", _REAL_ONLY)
    return itemsize
