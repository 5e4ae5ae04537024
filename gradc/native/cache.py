"""Files that took work to make, kept under the user's cache directory.

A file is named by a digest of its key and its content together, in a folder named by the key:
it appears there at once (renamed), and what is truncated, changed or belongs to another key is
recognised by its name, removed and made again.  What was longest not used is removed when there is
more than `LIMIT`.  Beside them stands what the compiler of the `ziglang` package keeps for itself,
of which no file is removed alone.  Invariant: nothing is read from a directory in which somebody
else could have written; where the user has no such directory, a private temporary one takes its
place until this process ends.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

#: Bytes that the cache may hold: thousands of programs.
LIMIT = 2**28

# Seconds for which nothing that was used is removed: a process that has found a file loads it
# within moments.
_IN_USE = 60.0

_FOLDER = "native-1"
_COMPILER = "zig"  # within it
_MOST_BYTES = 2**30
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Content(NamedTuple):
    """A file of the cache that was found whole."""

    path: str
    content: bytes


class Usage(NamedTuple):
    """How much the cache holds."""

    path: str
    files: int
    bytes: int


class Cache:
    """A directory for files by key."""

    def __init__(self, path: str, refused: str | None = None) -> None:
        """`refused` says why this is a temporary one."""
        self.path = path
        self.refused = refused

    def get(self, key: str, suffix: str) -> Content | None:
        """What was kept under a key, if it is still what was kept."""
        folder = os.path.join(self.path, key)
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            return None
        for name in names:
            if name.startswith(".") or not name.endswith(suffix):
                continue
            path = os.path.join(folder, name)
            content = _read(path)
            if content is not None and name == _digest(key, content) + suffix:
                with suppress(OSError):
                    os.utime(path)  # the time of its last use
                return Content(path, content)
            with suppress(OSError):
                os.unlink(path)
        return None

    def put(self, key: str, suffix: str, content: bytes) -> str:
        """Keep a content under a key; its path.  Raises OSError where that cannot be."""
        descriptor, temporary = _begun(os.path.join(self.path, key))
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            path = os.path.join(os.path.dirname(temporary), _digest(key, content) + suffix)
            if os.path.isdir(path) and not os.path.islink(path):  # not of this cache's making
                shutil.rmtree(path, onerror=_unless_gone)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        self._trim()
        return path

    def compiler_folder(self) -> str:
        """Where a compiler may keep what it makes for itself; raises OSError where there is none.

        It is shown and cleared with the cache.
        """
        path = os.path.join(self.path, _COMPILER)
        os.makedirs(path, mode=0o700, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return path

    def _trim(self) -> None:
        """Remove what was longest not used, until there is no more than there may be."""
        own = os.path.join(self.path, _COMPILER, "")
        found = sorted(file for file in _files(self.path) if not file.path.startswith(own))
        total = sum(file.bytes for file in found)
        latest = time.time() - _IN_USE
        for file in found:
            if total <= LIMIT or file.used > latest:
                break
            with suppress(OSError):
                os.unlink(file.path)
                total -= file.bytes
                os.rmdir(os.path.dirname(file.path))  # if that was all


def open_cache() -> Cache:
    """The user's cache, or a temporary one.  Raises OSError where not even that can be made."""
    found = _user_directory()
    return found if isinstance(found, Cache) else temporary_cache(found)


def temporary_cache(why: str) -> Cache:
    """A private directory that goes when this process ends; raises OSError."""
    path = os.path.realpath(tempfile.mkdtemp(prefix="gradc-cache-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Cache(path, why)


def cache_path() -> str | None:
    """Where the user's cache is, or would be; None where there is no place for one."""
    base = _base()
    return None if base is None else os.path.join(base, "gradc", _FOLDER)


def usage() -> Usage | None:
    """What the user's cache holds; None where there is no place for one."""
    path = cache_path()
    if path is None:
        return None
    sizes = [file.bytes for file in _files(path)]
    return Usage(path, len(sizes), sum(sizes))


def clear() -> Usage | None:
    """Remove what the user's cache holds; what that was.  Raises OSError where it cannot be.

    A process that runs code from there goes on with it.
    """
    found = usage()
    if found is not None and os.path.lexists(found.path):
        if os.path.islink(found.path):
            raise OSError(0, "it is a link", found.path)
        for folder, names, _ in os.walk(found.path):  # what is in one that is locked goes too
            for name in names:
                whole = os.path.join(folder, name)
                with suppress(OSError):
                    if not os.path.islink(whole):  # what it leads to is not of this cache
                        os.chmod(whole, 0o700)
        shutil.rmtree(found.path, onerror=_unless_gone)
    return found


class _File(NamedTuple):
    """Something that is kept, by the time of its last use."""

    used: float
    path: str
    bytes: int


def _files(path: str) -> Iterator[_File]:
    """All that is kept in a directory."""
    for folder, _, names in os.walk(path):
        for name in names:
            whole = os.path.join(folder, name)
            with suppress(OSError):
                found = os.lstat(whole)
                yield _File(found.st_mtime, whole, found.st_size)


def _begun(folder: str) -> tuple[int, str]:
    """A new file in a folder, which another process may remove as long as it is empty."""
    for _ in range(3):
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            return tempfile.mkstemp(prefix=".", dir=folder)
        except FileNotFoundError:
            continue
        except FileExistsError:  # a file that is not of this cache's making
            os.unlink(folder)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder)


def _unless_gone(function: object, path: str, info: tuple[object, BaseException, object]) -> None:
    """Another process may clear, or put something in, at the same time."""
    error = info[1]
    gone = isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTEMPTY)
    if not gone:
        raise error


def _base() -> str | None:
    """The directory for caches of the user, as the system has it."""
    if os.name == "nt":
        given = os.environ.get("LOCALAPPDATA", "")
        return given if os.path.isabs(given) else None
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):  # a relative one is to be ignored, as its specification says
        return given
    home = os.path.expanduser("~")
    if not os.path.isabs(home) or os.environ.get("HOME") == "":
        return None
    return os.path.join(home, "Library", "Caches") if sys.platform == "darwin" else f"{home}/.cache"


def _user_directory() -> Cache | str:
    """The user's cache, or why it is not used."""
    path = cache_path()
    if path is None:
        return "there is no home directory for it"
    if os.path.islink(path):  # what it leads to holds other things, which are not to be changed
        return f"{path} is a link"
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        real = os.path.realpath(path)
        why = _unsafe(real)
    except OSError as error:
        return f"{path} cannot be used: {error.strerror or error}"
    return Cache(real) if why is None else why


def _unsafe(path: str) -> str | None:
    """Why somebody else could put files into a directory, or None where nobody could."""
    if os.name != "posix":
        return None  # a user's own folders are private there
    found = os.stat(path)
    if found.st_uid != os.geteuid():
        return f"{path} belongs to another user"
    if found.st_mode & _OTHERS_WRITE:
        return f"{path} can be written by other users"
    if found.st_mode & 0o077:
        os.chmod(path, 0o700)
    while path != (path := os.path.dirname(path)):
        mode = os.stat(path).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"{path}, which it is in, can be written by every user"
    return None


def _read(path: str) -> bytes | None:
    """The content of a plain file of the user's; None for whatever else has its name."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            plain = stat.S_ISREG(found.st_mode) and found.st_size <= _MOST_BYTES
            own = os.name != "posix" or found.st_uid == os.geteuid()
            return file.read() if plain and own else None
    except OSError:
        return None


def _digest(key: str, content: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\0" + content).hexdigest()
