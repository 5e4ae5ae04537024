"""What gradc says when something is wrong: values first, text last.

Every stage reports problems as `Diagnostic` values; `render` is the one place that turns
them into text or JSON.  Nothing in this package imports another part of gradc.
"""

from gradc.diagnostics.model import (
    Diagnostic,
    GradcError,
    InputError,
    Label,
    NumericError,
    Source,
    SourceError,
    Span,
    UsageError,
)

__all__ = [
    "Diagnostic",
    "GradcError",
    "InputError",
    "Label",
    "NumericError",
    "Source",
    "SourceError",
    "Span",
    "UsageError",
]
