"""Which C compiler there is.

The first of: what the variable CC names; `cc`, `gcc`, `clang` on the PATH; the `ziglang` package,
which holds a compiler for every platform.  Invariant: looking runs nothing and imports nothing
that is large.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from typing import NamedTuple

from gradc.native.faults import native_error

NAMES = ("cc", "gcc", "clang")


class Compiler(NamedTuple):
    """How a compiler is called, and which file it is.

    `identity` changes when the file is replaced by another version: its path behind links, its
    size and its time.
    """

    command: tuple[str, ...]
    identity: str

    @property
    def name(self) -> str:
        """As people call it."""
        return "zig cc" if self.bundled else self.command[0]

    @property
    def bundled(self) -> bool:
        """Whether it is the one of the `ziglang` package."""
        return self.command[0] == sys.executable


def find_compiler() -> Compiler:
    """The compiler to use; raises NativeError where there is none."""
    wanted = os.environ.get("CC", "").strip()
    if wanted:
        return _wanted(wanted)
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return _compiler((os.path.abspath(path),), path)
    if importlib.util.find_spec("ziglang") is not None:
        found = importlib.util.find_spec("ziglang.__main__")
        if found is not None and found.origin is not None and sys.executable:
            return _compiler((sys.executable, "-m", "ziglang", "cc"), found.origin)
    listed = ", ".join(NAMES[:-1])
    raise native_error(
        "G0801",
        f"no C compiler: neither {listed} nor {NAMES[-1]} is on the PATH",
        help="install gcc or clang, or the compiler that comes with pip install 'gradc[native]'",
    )


def _wanted(text: str) -> Compiler:
    """The compiler that CC names; its arguments may follow, as in `ccache gcc`."""
    try:
        words = shlex.split(text, posix=os.name == "posix")
    except ValueError:
        words = [text]
    whole = shutil.which(text)  # a path with a space in it
    if whole is not None:
        words = [text]
    path = shutil.which(words[0]) if words else None
    if path is None:
        raise native_error(
            "G0801",
            f"CC is {text!r}, and there is no such program",
            help="unset CC, or name a C compiler with it",
        )
    return _compiler((os.path.abspath(path), *words[1:]), path)


def _compiler(command: tuple[str, ...], file: str) -> Compiler:
    real = os.path.realpath(file)
    try:
        found = os.stat(real)
    except OSError as error:
        raise native_error("G0801", f"cannot use {file}: {error.strerror}") from None
    return Compiler(command, f"{real} {found.st_size} {found.st_mtime_ns}")
