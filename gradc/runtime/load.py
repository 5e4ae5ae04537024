"""Making emitted text callable.

Invariant: what runs is exactly the text that `gradc compile` prints; nothing else of a
program is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def load_functions(text: str, name: str) -> dict[str, Callable[..., Any]]:
    """The functions of an emitted module, by name.

    `name` appears in tracebacks only.
    """
    namespace: dict[str, Any] = {"__name__": f"gradc_emitted_{name}"}
    exec(compile(text, f"<emitted from {name}>", "exec"), namespace)
    return {key: value for key, value in namespace.items() if callable(value)}
