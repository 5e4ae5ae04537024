"""What a program asks of its data: its inputs, and the sizes they must have.

Invariant: these values say everything that binding data needs; no graph and no syntax tree
is consulted.  Deliberately absent: the data themselves (`runtime.values`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from gradc.diagnostics import Span
from gradc.ir.dims import Dim
from gradc.ir.graph import Type


class InputSpec(NamedTuple):
    """One declared input: `input label[N] in K`, `param w[D]`.

    The element type is real or int.  `below` is K where every element must be one of
    0 .. K-1, else None.  `span` is the place of the declaration, where there is one.
    """

    name: str
    type: Type
    below: Dim | None = None
    kind: Literal["input", "param"] = "input"
    span: Span | None = None


class SizeRequirement(NamedTuple):
    """A bound found at compile time that only the data can meet: `dim >= minimum`.

    `what` says what is wrong where it does not hold: "the index of `x[i+2]` is beyond the
    size N".
    """

    dim: Dim
    minimum: int
    what: str
    span: Span | None = None
