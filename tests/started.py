"""The command `gradc`, started many times in little time.

Most of the time of a short command is Python's start and its imports.  `command()` are words for
`subprocess` that do not wait for these: a small program passes its streams, directory and
environment to a process that has the imports behind it, which copies itself for each command.
Nothing of one command is there in the next.

Tests of the start itself, of signals and of limits (`test_cli`, `test_layering`) start
`python -m gradc`, and so does everything where processes cannot be copied safely.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

# What commands import that takes long.
NEEDED = {"explain": "sympy", "fit": "scipy.optimize"}

# The small program: exits as the command does; with 70 where there is no answer.
ASK = """
import json, os, socket, sys
request = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect(sys.argv[1])
    socket.send_fds(asked, [len(request).to_bytes(8, "big")], [0, 1, 2])
    asked.sendall(request)
    answer = asked.recv(16)
os._exit(int(answer) if answer else 70)
"""


@functools.cache
def command() -> tuple[str, ...]:
    """The words before the arguments of a command."""
    if sys.platform != "linux":
        return sys.executable, "-m", "gradc"
    folder = tempfile.mkdtemp(prefix="gradc")
    address, program = f"{folder}/socket", f"{folder}/ask.py"
    Path(program).write_text(ASK, encoding="utf-8")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    process = subprocess.Popen(
        [sys.executable, __file__, str(listening.fileno())],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        pass_fds=[listening.fileno()],
        stdin=subprocess.PIPE,
    )
    listening.close()

    @atexit.register
    def end() -> None:
        process.terminate()
        process.wait()
        for each in (address, program):
            os.unlink(each)
        os.rmdir(folder)

    return sys.executable, "-I", "-S", program, address


# In the process that copies itself


def _serve(listening: socket.socket) -> None:
    running: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: _end(running))
    while True:
        if listening not in select.select([listening, sys.stdin], [], [])[0]:
            _end(running)  # who started this is no more
        asked, _ = listening.accept()
        length, files, *_ = socket.recv_fds(asked, 8, 3)
        with asked.makefile("rb") as reader:
            arguments, folder, environment = json.loads(reader.read(int.from_bytes(length, "big")))
        _prepare(arguments)
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            listening.close()
            _become(asked, files, arguments, folder, environment)
        asked.close()
        for file in files:
            os.close(file)
        running = [each for each in (*running, pid) if not os.waitpid(each, os.WNOHANG)[0]]


def _end(running: list[int]) -> None:
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os._exit(0)


def _prepare(arguments: list[str]) -> None:
    """Import what a command imports, once for all of its kind."""
    from gradc.cli.main import COMMANDS

    name = arguments[0] if arguments else ""
    for module in (f"gradc.cli.{name}_command" if name in COMMANDS else "", NEEDED.get(name, "")):
        if module and module not in sys.modules:
            importlib.import_module(module)
            gc.freeze()


def _become(
    asked: socket.socket,
    files: list[int],
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
) -> None:
    """Be the command, to its end."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["gradc", *arguments]
    sys.path[0] = folder
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _stream(1, at_once, "strict")
    sys.stderr = _stream(2, at_once, "backslashreplace")
    code: Any = 1
    try:
        importlib.import_module("gradc.cli.main").main(prog_name="gradc")
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # as Python ends where nobody reads any more
        code = 120
    asked.send(str(code if isinstance(code, int) else int(code is not None)).encode())
    os._exit(0)


def _stream(number: int, at_once: bool, errors: str) -> io.TextIOWrapper:
    binary: Any = open(number, "wb", 0 if at_once else -1, closefd=False)  # noqa: SIM115
    lines = errors != "strict"  # standard error
    return io.TextIOWrapper(binary, errors=errors, line_buffering=lines, write_through=at_once)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
