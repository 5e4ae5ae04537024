"""What keeps native code from being made or called."""

from __future__ import annotations

from gradc.diagnostics import Diagnostic, UsageError


class NativeError(UsageError):
    """No native code: no compiler, a compiler that fails, or code that cannot be loaded here."""


def native_error(code: str, message: str, *notes: str, help: str | None = None) -> NativeError:
    """The error with one diagnostic."""
    return NativeError([Diagnostic(code, message, notes=notes, help=help)])
