"""Making emitted text callable.

Invariant: what runs is the text that `gradc compile` prints, and for the Python interface the
same statements behind keyword arguments; nothing else of a program is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradc.ir.graph import REAL
from gradc.targets.python.binding import binding_source
from gradc.targets.statements.emit import Emitted


def load_functions(text: str, name: str) -> dict[str, Callable[..., Any]]:
    """The functions of an emitted module, by name.

    `name` appears in tracebacks only.
    """
    namespace: dict[str, Any] = {"__name__": f"gradc_emitted_{name}"}
    exec(compile(text, f"<emitted from {name}>", "exec"), namespace)
    return {key: value for key, value in namespace.items() if callable(value)}


def keyword_interface(emitted: Emitted, checked: Callable[..., Any]) -> Callable[..., Any]:
    """`value_and_grad` with inputs and gradients by name.

    Where all inputs are scalars, arguments that are floats go through the emitted statements
    at once; anything else goes to `checked`.
    """
    text = None if emitted.fused is None else binding_source(emitted.fused)
    if text is None or any(var.type != REAL for var in emitted.inputs):
        return checked
    bind = load_functions(emitted.text + text, "the keyword interface")["bind"]
    interface: Callable[..., Any] = bind(checked, object())
    return interface
