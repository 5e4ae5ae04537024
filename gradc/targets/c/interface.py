"""What a caller of an emitted file of C needs to know: its functions and their parameters.

The parameters stand in this order: inputs, then seeds or directions, named sizes, outputs, the
workspace, the fault; see docs/c.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from gradc.ir.dims import Shape
from gradc.ir.graph import DType, Var

Role = Literal["input", "seed", "direction", "size", "output", "workspace", "fault"]


class Parameter(NamedTuple):
    """A parameter of an exported function.

    Arrays and all outputs are pointers; inputs, seeds and directions without axes are values.
    """

    name: str  # in C
    role: Role
    dtype: DType | None = None
    shape: Shape = ()
    var: Var | None = None
    symbol: str | None = None  # the named size of the program, of a size


class Entry(NamedTuple):
    """An exported function; all return int: 0, -1 (no memory) or the number of a fault."""

    name: str  # the symbol in C
    parameters: tuple[Parameter, ...]
    workspace: str | None  # the symbol of the function that tells the workspace's doubles
    sizes: tuple[str, ...]  # the named sizes that are its parameters, and the workspace's


class EmittedC(NamedTuple):
    """An emitted file: its text, and what its functions take and return, in order."""

    text: str
    functions: Mapping[str, Entry]  # by "forward", "reverse", "value_and_grad", ...
    inputs: tuple[Var, ...]
    wrt: tuple[Var, ...]
    outputs: tuple[Var, ...]
    faults: tuple[str, ...]  # the k-th access, counted from 1, as the author wrote it
    header: str  # the declarations, for a file that calls the functions


class TraceC(NamedTuple):
    """An emitted file whose `trace` gives every named value and every adjoint, in this order."""

    text: str
    functions: Mapping[str, Entry]
    values: tuple[Var, ...]
    adjoints: tuple[Var, ...]
    structural_zeros: frozenset[Var]
    faults: tuple[str, ...]
    header: str
