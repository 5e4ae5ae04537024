"""Equations that hold graphs, by name: what writes the statements for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gradc.nests.calls import call
from gradc.nests.loops import loop

if TYPE_CHECKING:
    from gradc.ir.graph import Equation
    from gradc.nests.context import Context

STRUCTURED: Mapping[str, Callable[[Context, Equation], None]] = {"loop": loop, "call": call}
