"""Writing results: complete files or none, never over what they are made from."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from gradc.diagnostics import Diagnostic, UsageError

# Where one name ends and another begins, in what is given as data.
_SEPARATOR = re.compile(r"[=,:]")


def files_read(program: str, specs: Iterable[str] = ()) -> list[str]:
    """The files that no result may replace: the program's, and what names data."""
    words = (word for spec in specs for word in (spec, *_SEPARATOR.split(spec)))
    return [name for name in (program, *words) if name not in ("", "-")]


def write_result(content: bytes, path: str | None, sources: Sequence[str] = ()) -> None:
    """Write to a file, or to standard output where no path is given.

    The file appears whole, under its name, at the end.  Raises UsageError where it would
    replace one of the sources, and where it cannot be written.
    """
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    write_pieces([content], path, sources)


def write_pieces(content: Iterable[bytes], path: str, sources: Sequence[str]) -> None:
    """As `write_result`, to a file, of content that is made piece by piece."""
    refuse_sources(path, sources)
    try:
        _replace(path, content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            [Diagnostic("G0701", f"cannot write {path}: {reason}; nothing was changed")]
        ) from None


def refuse_sources(path: str, sources: Sequence[str]) -> None:
    """Raise UsageError where a result would replace what it is made from."""
    if any(same_file(path, source) for source in sources):
        raise UsageError(
            [
                Diagnostic(
                    "G0702",
                    f"the output {path} is read by this command; it is left as it is",
                    help="choose another name for -o",
                )
            ]
        )


@contextmanager
def streamed(path: str | None, sources: Sequence[str]) -> Iterator[BinaryIO]:
    """A file to write a result to piece by piece, or standard output where no path is given.

    The file appears whole, under its name, at the end, and not at all where an error ends the
    writing.  Raises UsageError where it would replace one of the sources, and where it cannot be
    written.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    refuse_sources(path, sources)
    device = os.path.exists(path) and not os.path.isfile(path)
    try:
        with open(path, "wb") if device else _beside(os.path.realpath(path)) as file:
            yield file  # a device or a pipe cannot be renamed over
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            [Diagnostic("G0701", f"cannot write {path}: {reason}; nothing was changed")]
        ) from None


def same_file(path: str, source: str) -> bool:
    """Whether two names are of one file, or would be."""
    try:
        return os.path.samefile(path, source)
    except OSError:
        return os.path.abspath(path) == os.path.abspath(source)


def _replace(path: str, content: Iterable[bytes]) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one."""
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:  # a device or a pipe cannot be renamed over
            file.writelines(content)
        return
    with _beside(os.path.realpath(path)) as file:
        file.writelines(content)


@contextmanager
def _beside(target: str) -> Iterator[BinaryIO]:
    """A file beside the target, which it replaces at the end."""
    import tempfile

    descriptor, temporary = tempfile.mkstemp(
        prefix=f".{os.path.basename(target)[:60]}.", dir=os.path.dirname(target)
    )
    try:
        os.close(descriptor)
        with open(temporary, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """The permissions of the file that is replaced, else those of any new file."""
    try:
        return os.stat(target).st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
