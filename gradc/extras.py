"""What gradc uses where it is installed: the optional extras of `pyproject.toml`.

Invariant: an extra is imported where it is used and nowhere else, and where it is missing the
message holds the line that installs it.
"""

from __future__ import annotations

import importlib

from gradc.diagnostics import Diagnostic, UsageError


def require(module: str, extra: str, purpose: str) -> None:
    """See to it that a module of an extra can be imported.

    `purpose` says what needs it: "gradc fit".  Raises UsageError where it cannot.
    """
    try:
        importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise UsageError(
            [
                Diagnostic(
                    "G0771",
                    f"{purpose} needs {package}, which is not installed",
                    help=f"pip install 'gradc[{extra}]'",
                )
            ]
        ) from None
