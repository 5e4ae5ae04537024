"""Making emitted text callable.

Invariant: what runs is the text that `gradc compile` prints, and for the Python interface the
same statements, without needless ones, behind keyword arguments; nothing else of a program is ever
executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradc.targets.statements.emit import Emitted


def load_functions(text: str, name: str) -> dict[str, Callable[..., Any]]:
    """The functions of an emitted module, by name.

    `name` appears in tracebacks only.
    """
    namespace: dict[str, Any] = {"__name__": f"gradc_emitted_{name}"}
    exec(compile(text, f"<emitted from {name}>", "exec"), namespace)
    return {key: value for key, value in namespace.items() if callable(value)}


def keyword_interface(
    emitted: Emitted, kind: str, checked: Callable[..., Any]
) -> Callable[..., Any]:
    """The function `kind` with inputs by name, as `checked` takes and returns them.

    All inputs are scalars.  Arguments that are floats go through the emitted statements at once;
    anything else goes to `checked`.
    """
    from gradc.targets.python.binding import binding_source  # of no use to the command line

    fused = emitted.fused.get(kind)
    text = None if fused is None else binding_source(fused)
    if text is None:
        return checked
    bind = load_functions(emitted.text + text, "the keyword interface")["bind"]
    interface: Callable[..., Any] = bind(checked, object())
    return interface
