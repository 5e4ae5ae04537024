"""The helper functions of emitted JavaScript, as text taken from the `.js` files beside this one;
see `statements.helpers`.

A definition begins at the margin, behind its comment; what stands between two of them and ends in
a blank line, a heading, belongs to none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache

from gradc.targets.statements.helpers import Cut, Definition, wanted

_FILES = ("math", "arrays", "reductions", "linear", "entry")
_CUT = Cut(
    re.compile(
        r"^(?:/\*\*(?:[^*]|\*(?!/))*\*/\n|(?://.*\n)+(?!\n))?(?:function (\w+)\(|const (\w+) = )",
        re.MULTILINE,
    ),
    re.compile(r"/\*\*(?:[^*]|\*(?!/))*\*/|//.*|\"[^\"]*\""),
    re.compile(r"(?<![.\w])[A-Za-z_]\w*"),
)
_HEADING = re.compile(r"\n\n// .*\Z")


def helper_names() -> frozenset[str]:
    """The names of all helpers."""
    return frozenset(_definitions())


def helpers_with(names: Iterable[str]) -> list[str]:
    """The helpers named and those that they call."""
    return wanted(_definitions(), names)


def helper_source(names: Iterable[str]) -> list[str]:
    """The definitions of the helpers named and of those they call."""
    definitions = _definitions()
    return [definitions[name].text for name in helpers_with(names)]


@lru_cache
def _definitions() -> dict[str, Definition]:
    """The definitions of the helper files by name, in order."""
    texts = []
    for name in _FILES:
        path = os.path.join(os.path.dirname(__file__), f"helpers_{name}.js")
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    definitions = _CUT.definitions("\n".join(texts))
    return {
        name: one._replace(text=_HEADING.sub("", one.text)) for name, one in definitions.items()
    }
