"""Words that are no identifiers in emitted Python, and what linters say of some that are.

The only names that a default rule of ruff flags are `l`, `O` and `I` (E741, default up to
ruff 0.15).  Later versions flag, as RUF100, a `noqa` that suppresses nothing, so the pragma
for these names suppresses that as well and suits every version.
"""

from __future__ import annotations

import keyword
from collections.abc import Container

# The last two are no keywords, but not to be assigned or defined either.
WORDS = frozenset({*keyword.kwlist, "__debug__", "__all__"})

_AMBIGUOUS = ("l", "O", "I")
AMBIGUOUS_PRAGMA = "# ruff: noqa: E741, RUF100"


def pragma(used: Container[str]) -> str | None:
    """The header line that a module with these identifiers needs for ruff, if any."""
    return AMBIGUOUS_PRAGMA if any(name in used for name in _AMBIGUOUS) else None
