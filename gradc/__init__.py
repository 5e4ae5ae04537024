"""gradc: equations in; readable gradient code, diagrams and numbers out.

    >>> import gradc
    >>> gradc.compile("J = x**2").value_and_grad(x=3)
    (9.0, {'x': 6.0})

Importing this package imports nothing else: the parts are loaded when they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradc.api import Compiled, View, compile, load
    from gradc.diagnostics import (
        Diagnostic,
        GradcError,
        InputError,
        NumericError,
        SourceError,
        UsageError,
    )

__version__ = "0.1.0"

__all__ = [
    "Compiled",
    "Diagnostic",
    "GradcError",
    "InputError",
    "NumericError",
    "SourceError",
    "UsageError",
    "View",
    "__version__",
    "compile",
    "load",
]

_FROM_API = frozenset({"Compiled", "View", "compile", "load"})


def __getattr__(name: str) -> Any:
    if name in _FROM_API:
        from gradc import api

        return getattr(api, name)
    if name in __all__:
        from gradc import diagnostics

        return getattr(diagnostics, name)
    raise AttributeError(f"module 'gradc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
