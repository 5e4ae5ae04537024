"""The table: every primitive by its name."""

from __future__ import annotations

from collections.abc import Mapping

from gradc.ops.arrays import ARRAYS
from gradc.ops.elementwise import (
    ARITHMETIC,
    EXPONENTIAL,
    HYPERBOLIC,
    PIECEWISE,
    SPECIAL,
    TRIGONOMETRIC,
)
from gradc.ops.logic import LOGIC
from gradc.ops.primitive import Primitive
from gradc.ops.reductions import REDUCTIONS

PRIMITIVES: Mapping[str, Primitive] = {
    row.name: row
    for row in (
        *ARITHMETIC,
        *EXPONENTIAL,
        *TRIGONOMETRIC,
        *HYPERBOLIC,
        *SPECIAL,
        *PIECEWISE,
        *LOGIC,
        *ARRAYS,
        *REDUCTIONS,
    )
}
