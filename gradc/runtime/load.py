"""Making emitted text callable.

Invariant: what runs is exactly the text that `gradc compile` prints; nothing else of a
program is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradc.ir.graph import Var
from gradc.targets.python.binding import binding_source


def load_functions(text: str, name: str) -> dict[str, Callable[..., Any]]:
    """The functions of an emitted module, by name.

    `name` appears in tracebacks only.
    """
    namespace: dict[str, Any] = {"__name__": f"gradc_emitted_{name}"}
    exec(compile(text, f"<emitted from {name}>", "exec"), namespace)
    return {key: value for key, value in namespace.items() if callable(value)}


def bind_keywords(
    inputs: Sequence[Var],
    wrt: Sequence[Var],
    emitted: Callable[..., Any],
    checked: Callable[..., Any],
) -> Callable[..., Any]:
    """An emitted `value_and_grad` of scalars with inputs and gradients by name.

    Arguments that are all floats go straight to `emitted`, anything else to `checked`.
    """
    text = binding_source([var.name for var in inputs], [var.name for var in wrt])
    if text is None:
        return checked
    bind = load_functions(text, "the keyword interface")["bind"]
    interface: Callable[..., Any] = bind(emitted, checked, object())
    return interface
