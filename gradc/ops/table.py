"""The table: every primitive by its name."""

from __future__ import annotations

from collections.abc import Mapping

from gradc.ops.arithmetic import ARITHMETIC
from gradc.ops.arrays import ARRAYS
from gradc.ops.control import CONTROL
from gradc.ops.indexing import INDEXING
from gradc.ops.linear_algebra import LINEAR_ALGEBRA
from gradc.ops.logic import LOGIC
from gradc.ops.normalised import NORMALISED
from gradc.ops.piecewise import PIECEWISE
from gradc.ops.primitive import Primitive
from gradc.ops.reductions import REDUCTIONS
from gradc.ops.smooth import EXPONENTIAL, HYPERBOLIC, SPECIAL, TRIGONOMETRIC
from gradc.ops.tails import TAILS

PRIMITIVES: Mapping[str, Primitive] = {
    row.name: row
    for row in (
        *ARITHMETIC,
        *EXPONENTIAL,
        *TRIGONOMETRIC,
        *HYPERBOLIC,
        *SPECIAL,
        *TAILS,
        *PIECEWISE,
        *LOGIC,
        *ARRAYS,
        *INDEXING,
        *REDUCTIONS,
        *NORMALISED,
        *LINEAR_ALGEBRA,
        *CONTROL,
    )
}
