"""The workers of a Dask cluster, on this machine or on others.

A task carries the emitted text and its rows, because files and gradc may not be there.  So many
tasks are under way as the cluster has threads, and as many again: more rows are never in memory.
Invariant: results come in the order of the arguments; a task whose worker ends is computed by
another one, which is Dask's own doing.
"""

from __future__ import annotations

import inspect
import logging
import time
from collections import deque
from collections.abc import Generator, Iterable
from typing import Any

from gradc.diagnostics import Diagnostic, NumericError, UsageError
from gradc.extras import require
from gradc.runtime import worker
from gradc.runtime.load import load_functions
from gradc.runtime.problems import quoted
from gradc.runtime.processes import ended

_REACHED = 5.0  # seconds within which a scheduler answers
_LOST = 20.0  # seconds for which a cluster may be without workers, or out of reach
_PAUSE = 0.5  # seconds between two looks at the cluster

# Dask warns of tasks that carry more than 10 MB, which is what ours are for.
_SETTINGS = {"distributed.admin.large-graph-warning-threshold": "10GB"}


class Cluster:
    """The workers of a scheduler that others have started."""

    def __init__(self, address: str) -> None:
        """Raises UsageError where no scheduler answers."""
        require("distributed", "dask", "--scheduler")
        import distributed

        self._address = address
        self._silenced = _loggers()
        self._log(False)  # what goes wrong is said once, by us
        try:
            _check(address)
            self._client = distributed.Client(address, timeout=_REACHED, set_as_default=False)
        except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
            self._log(True)
            raise UsageError([self._unreachable(error)]) from None

    def apply(self, text: str, arguments: Iterable[list[Any]]) -> Generator[Any, None, None]:
        """The results of `values` of an emitted text for each of the arguments, in order.

        Raises what `values` raises for the first of them that has no result, NumericError for
        one over which workers end, and UsageError where the cluster is lost.
        """
        import dask

        # Made of text, the function is no part of an installed module, so all of it is sent.
        function = load_functions(inspect.getsource(worker), "the worker")["values_of"]
        under_way: deque[Any] = deque()
        most = 2 * self._threads()
        try:
            with dask.config.set(_SETTINGS):
                for each in arguments:
                    if len(under_way) >= most:
                        yield self._result(under_way.popleft())
                    task = self._client.submit(function, text, each, pure=False)
                    under_way.append(task)
                while under_way:
                    yield self._result(under_way.popleft())
        finally:
            for task in under_way:
                task.cancel()

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close()
        self._log(True)

    def _log(self, on: bool) -> None:
        for logger in self._silenced:
            logger.disabled = not on

    def _threads(self) -> int:
        """How many tasks the cluster computes at a time; waits a little for the first worker."""
        due = time.monotonic() + _REACHED
        while True:
            threads = sum(self._client.ncores().values())
            if threads:
                return int(threads)
            if time.monotonic() > due:
                raise UsageError([self._lost("has no workers")])
            time.sleep(_PAUSE)

    def _result(self, task: Any) -> Any:
        import distributed

        seen = time.monotonic()
        while True:
            try:
                return task.result(timeout=_PAUSE)
            except distributed.TimeoutError:
                if self._computes():
                    seen = time.monotonic()
                elif time.monotonic() > seen + _LOST:
                    raise UsageError([self._lost("has no workers any more")]) from None
            except distributed.scheduler.KilledWorker:
                raise NumericError([ended("several workers")]) from None
            except Exception:
                # Where the scheduler goes away, Dask raises CancelledError, OSError or whatever
                # its interrupted calls come across; the task itself has not failed then.
                if task.status == "error":
                    raise
                raise UsageError([self._lost("does not answer any more")]) from None

    def _computes(self) -> bool:
        """Whether the cluster has workers."""
        try:
            return self._client.status == "running" and bool(self._client.ncores())
        except (OSError, RuntimeError):
            return False

    def _unreachable(self, error: Exception) -> Diagnostic:
        address = quoted(self._address)
        help = "an address looks like tcp://192.168.0.1:8786; `dask scheduler` prints its own"
        return Diagnostic("G0556", f"no Dask scheduler is reached at {address}: {error}", help=help)

    def _lost(self, what: str) -> Diagnostic:
        return Diagnostic(
            "G0557",
            f"the Dask cluster of {quoted(self._address)} {what}",
            help="start workers with `dask worker ADDRESS`, and run again",
        )


def _loggers() -> list[logging.Logger]:
    """Dask's loggers that speak: each of its modules has one of its own."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    return [logger for logger in map(logging.getLogger, names) if not logger.disabled]


def _check(address: str) -> None:
    """Raise ValueError for what is no address; a client would be half made by then."""
    from distributed.comm.addressing import get_address_host_port, parse_address
    from distributed.comm.registry import get_backend

    scheme, _ = parse_address(address)
    get_backend(scheme)
    get_address_host_port(address, strict=True)
