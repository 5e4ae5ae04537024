"""Worker processes on this machine.

A process is given one part of the work at a time, and is started when there is a part for which
none is free.  Invariant: a part whose process ends is given to another, and no result of it is used
twice; results come in the order of the arguments.  The memory is that of a part for each process
and one more.  Deliberately absent: `concurrent.futures`, which gives up every part when one of its
processes ends.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from gradc.diagnostics import Diagnostic, NumericError
from gradc.runtime.worker import serve

# A part whose process ends so often is not given to a further one.
_ATTEMPTS = 3

# Each process is one thread: as many processes as cores are asked for use every core once, and the
# order in which numbers are added does not depend on the machine.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Part(NamedTuple):
    """Some of the work: its place in the order, and how often a process has ended over it."""

    turn: int
    arguments: list[Any]
    ended: int = 0


class _Worker(NamedTuple):
    process: SpawnProcess
    connection: Connection


class Processes:
    """Up to so many processes."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, _Part]] = {}

    def apply(self, text: str, arguments: Iterable[list[Any]]) -> Generator[Any, None, None]:
        """The results of `values` of an emitted text for each of the arguments, in order.

        Raises what `values` raises for the first of them that has no result, and NumericError
        for one over which processes end.
        """
        parts = (_Part(turn, each) for turn, each in enumerate(arguments))
        waiting: deque[_Part] = deque()
        answers: dict[int, tuple[bool, Any]] = {}
        turn, more = 0, True
        try:
            while more or waiting or self._busy or answers:
                ahead = len(answers) + len(self._busy) > 4 * self._count
                if more and not waiting and not ahead:
                    following = next(parts, None)
                    more = following is not None
                    waiting.extend([] if following is None else [following])
                if waiting and len(self._busy) < self._count:
                    self._give(text, waiting)
                    continue
                self._collect(answers, waiting, patient=bool(waiting) or ahead or not more)
                while turn in answers:
                    found, value = answers.pop(turn)
                    if not found:
                        raise value
                    yield value
                    turn += 1
        finally:
            self._give_up()

    def close(self) -> None:
        """End all processes."""
        self._give_up()
        while self._free:
            self._end(self._free.pop())

    def _give_up(self) -> None:
        """End the processes whose answers nobody waits for."""
        while self._busy:
            self._end(self._busy.popitem()[1][0])

    def _give(self, text: str, waiting: deque[_Part]) -> None:
        """Give the first part that waits to a process."""
        part = waiting.popleft()
        worker = self._free.pop() if self._free else _started()
        self._busy[worker.connection] = worker, part
        try:
            worker.connection.send((text, part.arguments))
        except OSError:
            self._lost(worker.connection, waiting)

    def _collect(
        self, answers: dict[int, tuple[bool, Any]], waiting: deque[_Part], patient: bool
    ) -> None:
        """Take the answers that are there; where `patient`, wait for one."""
        if not self._busy:
            return
        for connection in wait(list(self._busy), None if patient else 0):
            assert isinstance(connection, Connection)
            try:
                answer = connection.recv()
            except (EOFError, OSError):
                self._lost(connection, waiting)
                continue
            worker, part = self._busy.pop(connection)
            self._free.append(worker)
            answers[part.turn] = answer

    def _lost(self, connection: Connection, waiting: deque[_Part]) -> None:
        """A process has ended: its part waits for another one."""
        worker, part = self._busy.pop(connection)
        self._end(worker)
        if part.ended + 1 >= _ATTEMPTS:
            raise NumericError([ended(f"{_ATTEMPTS} processes", worker.process.exitcode)])
        waiting.appendleft(part._replace(ended=part.ended + 1))

    def _end(self, worker: _Worker) -> None:
        worker.connection.close()
        worker.process.kill()
        worker.process.join()


def ended(what: str, status: int | None = None) -> Diagnostic:
    """Says that workers end whenever they compute certain rows."""
    how = "" if status is None else f", the last with status {status}"
    return Diagnostic(
        "G0555",
        f"{what} have ended while they computed the same rows{how}",
        help="if they need too much memory, read fewer rows at a time: --chunk ROWS",
    )


def _started() -> _Worker:
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    with _single_threads(), _without_interrupts():
        process.start()
    there.close()  # so that the end of the process closes the pipe
    return _Worker(process, here)


@contextmanager
def _single_threads() -> Iterator[None]:
    """What starts now calls its linear algebra in one thread, unless the user says otherwise."""
    names = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What starts now never hears of Ctrl-C; this process does, afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: `serve` turns a deaf ear
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
