"""What several peers use that is no derivative: tables of whole numbers, and places of angles."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.gradbench.minors import tables

Wholes = NDArray[np.int64]


class Level(NamedTuple):
    """The minors of the last rows: for each of them the columns of its terms, the smaller minors
    these are multiplied by, and the signs."""

    column: Wholes
    rest: Wholes
    sign: NDArray[Any]


def levels(n: int) -> list[Level]:
    """Of the expansion of an n by n matrix by minors, each minor computed once, smallest first."""
    found = tables(n)
    return [
        Level(found[f"column_{k}"], found[f"rest_{k}"], (-1.0) ** np.arange(k))
        for k in range(2, n + 1)
    ]


# Where in theta the angles of a hand's 22 bones are: the first bone of each finger bends and
# spreads, the next two bend.  26 stands for an angle that is zero.
BEND = np.full(22, 26)
SPREAD = np.full(22, 26)
for _finger in range(5):
    _bone, _angle = 2 + 4 * _finger, 6 + 4 * _finger
    BEND[_bone : _bone + 3] = _angle, _angle + 2, _angle + 3
    SPREAD[_bone] = _angle + 1
