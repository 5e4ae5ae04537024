"""The workspace of a function and of those that it calls, in doubles."""

from __future__ import annotations

from collections.abc import Iterable

from gradc.ir.dims import Dim
from gradc.nests.model import Buffer

_LINE = 8  # doubles in a line of the cache


def rounded(size: Dim) -> Dim:
    """A size in whole lines of the cache."""
    if size.constant is not None:
        return Dim.of(-(-size.constant // _LINE) * _LINE)
    return (size + (_LINE - 1)).floored(_LINE) * _LINE


def largest(sizes: Iterable[Dim]) -> Dim:
    """A size that is at least each of some: the largest, or the sum where that depends."""
    total = Dim.of(0)
    for size in dict.fromkeys(sizes):
        if not_less(size, total):
            total = size
        elif not not_less(total, size):
            total = total + size
    return total


def not_less(left: Dim, right: Dim) -> bool:
    """Whether a size is at least another for all sizes, as far as its terms tell."""
    return all(k >= 0 for _, k in (left - right).terms)


def alone(scratch: Iterable[tuple[Buffer, Dim]]) -> set[Buffer]:
    """The buffers that share no memory with another: those that alone have their offset."""
    found: dict[Dim, list[Buffer]] = {}
    for buffer, offset in scratch:
        found.setdefault(offset, []).append(buffer)
    return {buffers[0] for buffers in found.values() if len(buffers) == 1}
