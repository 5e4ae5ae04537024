"""Names of derivatives: `d` + name for adjoints, name + `_dot` for tangents."""

from __future__ import annotations

from gradc.ir.graph import Atom, Var
from gradc.ops.builder import Builder


def stem(var: Var) -> str:
    """The name of the statement that a quantity belongs to."""
    return var.name.split("%")[0]


def adjoint_name(var: Var) -> str:
    """The adjoint's name: `dv` for `v`."""
    return f"d{var.name}"


def tangent_name(var: Var) -> str:
    """The tangent's name: `v_dot` for `v`."""
    return f"{var.name}_dot"


def settle(b: Builder, value: Atom, name: str, mark: int) -> Var:
    """Give a value its name.

    The last equation written since `mark` takes the name if it computes the value and nothing
    named it before; a value that only passes through becomes a copy.
    """
    if type(value) is Var and value.anonymous and len(b.equations) > mark:
        last = b.equations[-1].out
        if last is value:
            value.name = b.unique(name)
            return value
    return b.emit("copy", (value,), name=b.unique(name))
