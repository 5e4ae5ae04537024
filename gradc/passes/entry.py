"""What an entry of the list of passes is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradc.ir.graph import Graph


@dataclass(frozen=True)
class Pass:
    """A transformation of graphs: its name, what it does in one line, and the function."""

    name: str
    doc: str
    run: Callable[[Graph], Graph]
