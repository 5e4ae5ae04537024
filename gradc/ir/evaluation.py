"""The numbers of one evaluation of a program, by the author's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numeric = float | int | bool | NDArray[np.generic]


class Evaluation(NamedTuple):
    """Every named value of a program, and the adjoint of every real one.

    Scalars are Python numbers, arrays NumPy arrays of the quantity's shape.  An adjoint is
    the derivative of the seeded outputs; `structural_zeros` names the quantities on which no
    output depends, whose adjoints are zero whatever the numbers are.
    """

    values: Mapping[str, Numeric]
    adjoints: Mapping[str, Numeric]
    structural_zeros: frozenset[str]
