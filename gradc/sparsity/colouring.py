"""Which columns one sweep can find together: those of which no row has two.

A sweep along the sum of such columns gives every entry of each, since a row has at most one of
them (A. Curtis, M. Powell and J. Reid, On the estimation of sparse Jacobian matrices, 1974).  The
choice is greedy, in two orders, of which the better one is taken: as they stand, which is best for
bands, and by how many entries they have.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradc.sparsity.sets import Numbers


class Colours(NamedTuple):
    """A number for each column, the same for those found together; -1 where there is no entry."""

    of: Numbers
    colours: int


def coloured(starts: Numbers, members: Numbers, width: int) -> Colours:
    """Colours of the columns of a matrix with the rows `members[starts[i] : starts[i + 1]]`."""
    degrees = np.bincount(members, minlength=width)
    used = np.flatnonzero(degrees)
    least = int(np.diff(starts).max(initial=0))
    if least >= used.size:  # a row with every column: each column by itself
        of = np.full(width, -1)
        of[used] = np.arange(used.size)
        return Colours(of, used.size)
    columns, order = _transposed(starts, members, width)
    best = _greedy(columns, order, used, starts.size - 1, width)
    if best.colours > least:
        by_degree = used[np.argsort(-degrees[used], kind="stable")]
        other = _greedy(columns, order, by_degree, starts.size - 1, width)
        best = min(best, other, key=lambda each: each.colours)
    return best


def _transposed(starts: Numbers, members: Numbers, width: int) -> tuple[Numbers, Numbers]:
    """The rows of each column, as `rows[starts[j] : starts[j + 1]]`."""
    rows = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    order = np.argsort(members, kind="stable")
    counts = np.bincount(members, minlength=width)
    return np.concatenate([[0], np.cumsum(counts)]), rows[order]


def _greedy(starts: Numbers, rows: Numbers, order: Numbers, height: int, width: int) -> Colours:
    """The first colour for each column that no other one has with which it shares a row.

    The colours that the columns of a row have are the bits of an integer.
    """
    taken = [0] * height
    of = np.full(width, -1)
    bounds, listed, most = starts.tolist(), rows.tolist(), 0
    for column in order.tolist():
        own = listed[bounds[column] : bounds[column + 1]]
        forbidden = 0
        for row in own:
            forbidden |= taken[row]
        free = ~forbidden & (forbidden + 1)
        for row in own:
            taken[row] |= free
        colour = free.bit_length() - 1
        of[column] = colour
        most = max(most, colour + 1)
    return Colours(of, most)
