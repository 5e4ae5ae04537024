"""Where the parts of a split program are computed: here, in other processes, or on other machines.

Each place gives the results in the order of the arguments, whatever order they were computed in,
so that sums do not depend on how many workers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

from gradc.diagnostics import Diagnostic, UsageError

# The results of `values` of an emitted text for each of many lists of arguments.
Apply = Callable[[str, Iterable[list[Any]]], Generator[Any, None, None]]


class Places(NamedTuple):
    """Where a request wants its parts to be computed."""

    workers: int | None = None  # processes on this machine
    scheduler: str | None = None  # the address of a Dask cluster

    @property
    def elsewhere(self) -> bool:
        """Whether it is in other processes than this one."""
        return self.workers is not None or self.scheduler is not None

    def check(self) -> None:
        """Raise UsageError where both are asked for."""
        if self.workers is not None and self.scheduler is not None:
            message = "--workers and --scheduler are both given"
            help = "--workers starts processes here; a cluster has its own number of workers"
            raise UsageError([Diagnostic("G0704", message, help=help)])


HERE = Places()


@contextmanager
def opened(places: Places) -> Iterator[Apply | None]:
    """What computes parts elsewhere, as long as it is needed; None where they are computed here.

    Raises UsageError where a cluster cannot be reached.
    """
    places.check()
    if places.workers is not None:
        from gradc.runtime.processes import Processes

        with closing(Processes(places.workers)) as processes:
            yield processes.apply
    elif places.scheduler is not None:
        from gradc.runtime.cluster import Cluster

        with closing(Cluster(places.scheduler)) as cluster:
            yield cluster.apply
    else:
        yield None
