"""The helper functions of emitted Python, as text taken from `helpers_math.py` and
`helpers_numpy.py`; see `statements.helpers`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from gradc.targets.python.tree import Import
from gradc.targets.statements.helpers import Cut, Definition, wanted

Target = Literal["math", "numpy", "complex", "float32"]

# A definition, with the comment lines right above it.
_CUT = Cut(
    re.compile(r"^(?:#.*\n)*(?:def (\w+)\(|(\w+) = )", re.MULTILINE),
    re.compile(r'""".*?"""|#.*'),
    re.compile(r"(?<![.\w])[A-Za-z_]\w*"),
)


def helper_names(target: Target) -> frozenset[str]:
    """The names of all helpers of a target."""
    return frozenset(_definitions(target))


def helpers_with(target: Target, names: Iterable[str]) -> list[str]:
    """The helpers named and those that they call."""
    return wanted(_definitions(target), names)


def helper_source(target: Target, names: Iterable[str]) -> tuple[list[str], tuple[Import, ...]]:
    """The definitions of the helpers named and of those they call, and the imports they need."""
    definitions = _definitions(target)
    texts = [definitions[name].text for name in helpers_with(target, names)]
    words = {word for text in texts for word in _CUT.words(text)}
    modules = (Import("math"), Import("numpy", "np"))
    imports = tuple(module for module in modules if (module.alias or module.module) in words)
    return texts, imports


@lru_cache
def _definitions(target: Target) -> dict[str, Definition]:
    """The definitions of a helper file by name, in order; for other numbers than doubles, those
    for NumPy with other texts where there are any."""
    path = os.path.join(os.path.dirname(__file__), f"helpers_{target}.py")
    with open(path, encoding="utf-8") as file:
        found = _CUT.definitions(file.read())
    return found if target in ("math", "numpy") else {**_definitions("numpy"), **found}
