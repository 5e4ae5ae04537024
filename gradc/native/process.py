"""Running a compiler: no shell, no input, a time limit, and nothing of it left behind.

Invariant: the compiler and whatever it has started have ended when the context of `running` is
left, Ctrl-C included.  The environment of this process is not changed; the compiler's own differs
in the language of messages, in where it puts temporary files, and in what its caller says.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple

from gradc.native.faults import native_error

#: Seconds that one run of a compiler may take.
TIME_LIMIT = 120.0

_MOST_OUTPUT = 2**20


class Output(NamedTuple):
    """How a run ended, and what it wrote."""

    status: int
    text: str


class Run:
    """A command that runs, or has ended."""

    def __init__(self, process: subprocess.Popen[bytes], written: IO[bytes]) -> None:
        self._process = process
        self._written = written

    def output(self, seconds: float = TIME_LIMIT) -> Output:
        """What it wrote, when it has ended; raises NativeError where it does not end."""
        try:
            status = _status(self._process, seconds)
        except subprocess.TimeoutExpired as error:
            message = f"{error.cmd[0]} has not ended after {seconds:g} seconds"
            raise native_error("G0803", message) from None
        self._written.seek(0)
        text = self._written.read(_MOST_OUTPUT).decode("utf-8", errors="replace")
        return Output(status, text)


@contextmanager
def running(
    command: Sequence[str], folder: str, variables: Mapping[str, str] | None = None
) -> Iterator[Run]:
    """A command that runs in a folder beside what is done here, and has ended afterwards.

    `variables` are those of its environment that differ besides.  Raises NativeError where it
    cannot start.
    """
    settings = {"LC_ALL": "C", "TMPDIR": folder, "TMP": folder, "TEMP": folder}
    with tempfile.TemporaryFile(dir=folder) as written:
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **settings, **(variables or {})},
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            message = f"cannot run {command[0]}: {error.strerror or error}"
            raise native_error("G0802", message) from None
        with _ended(process):
            yield Run(process, written)


def _status(process: subprocess.Popen[bytes], seconds: float) -> int:
    """How a process ends; raises TimeoutExpired.

    Where the system has no event for it, `wait` looks every 50 milliseconds, which are a tenth of
    a compilation.
    """
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        with suppress(OSError):
            descriptor = os.pidfd_open(process.pid)
            try:
                events = select.poll()
                events.register(descriptor, select.POLLIN)
                if not events.poll(1000 * seconds):
                    raise subprocess.TimeoutExpired(process.args, seconds)
            finally:
                os.close(descriptor)
            return process.wait()
    return process.wait(seconds)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See to it that a process and those that it has started end, whatever happens here."""
    try:
        yield
    finally:
        if process.returncode is None:
            with suppress(OSError):
                if os.name == "posix":
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
            process.wait()
