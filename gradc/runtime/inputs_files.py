"""Opening what people name on the command line, safely.

Invariant: only regular files are opened, so a directory, a pipe without a writer or a device
gives a message and not a wait.  Everything that the operating system can answer becomes an
`InputError` that names the file.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from gradc.diagnostics import InputError
from gradc.runtime.problems import failure, quoted


def open_regular(path: str) -> BinaryIO:
    """A regular file, open for reading bytes; raises `InputError` where there is none."""
    name = quoted(path, 200)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode):
            return open(path, "rb")
    except OSError as error:
        raise failure("G0504", f"{name} cannot be read: {_reason(error)}") from error
    except ValueError:  # a name that no file can have: a NUL, a lone surrogate
        raise failure("G0504", f"{name} is not the name of a file") from None
    what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
    raise failure("G0504", f"{name} is {what}")


def read_bytes(path: str) -> bytes:
    """The content of a regular file; raises `InputError` where it cannot be read."""
    name = quoted(path, 200)
    try:
        with open_regular(path) as file:
            return file.read()
    except OSError as error:
        raise failure("G0504", f"{name} cannot be read: {_reason(error)}") from error
    except MemoryError:
        raise failure("G0504", f"{name} does not fit in memory") from None


def read_text(path: str) -> str:
    """The text of a UTF-8 file, without a byte-order mark.

    Raises `InputError` where the file cannot be read or is not text.
    """
    return decoded(read_bytes(path), path)


def _reason(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case PermissionError():
            return "permission denied"
        case _:
            return error.strerror or "the system refused"


def decoded(content: bytes, name: str) -> str:
    """Bytes as UTF-8 text; raises `InputError` with the line of the first byte that is not."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _not_text(name, line, f"byte 0x{content[error.start]:02x} is not UTF-8") from error
    check_no_nul(text, name)
    return text


def check_no_nul(text: str, name: str) -> None:
    """Raise `InputError` where a text has a NUL character: it is some other format."""
    at = text.find("\0")
    if at >= 0:
        raise _not_text(name, text.count("\n", 0, at) + 1, "there is a NUL character")


def _not_text(name: str, line: int, what: str) -> InputError:
    return failure(
        "G0505", f"{quoted(name, 200)}, line {line}: {what}", "save the file as UTF-8 text"
    )
