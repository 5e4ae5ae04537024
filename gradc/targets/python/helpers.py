"""The helper functions of emitted modules, as text taken from the helper files.

A helper file is real Python, tested as such; here it is cut at its top-level definitions, and
never run.  Helpers keep their names: the emitter reserves the names that it uses, so that a
quantity of the author's called `exp` becomes `exp_` (`names.py`).

Invariant: the text of a definition is that of the file, to the character.  Deliberately
absent: a list of the helpers, because the files are that list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from gradc.targets.python.tree import Import

Target = Literal["math", "numpy"]

# A definition, with the comment lines right above it.
_DEFINITION = re.compile(r"^(?:#.*\n)*(?:def (\w+)\(|(\w+) = )", re.MULTILINE)
_PROSE = re.compile(r'""".*?"""|#.*')
_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")


class _Definition(NamedTuple):
    """A helper: its text, and every helper named in its code."""

    text: str
    needs: frozenset[str]


def helper_names(target: Target) -> frozenset[str]:
    """The names of all helpers of a target."""
    return frozenset(_definitions(target))


def helper_source(target: Target, names: Iterable[str]) -> tuple[list[str], tuple[Import, ...]]:
    """The definitions of the helpers named and of those they call, and the imports they need.

    In the order of the helper file.  A name that is not a helper is passed over, so `names`
    may be everything that an emitted module calls.
    """
    definitions = _definitions(target)
    wanted: set[str] = set()
    todo = [name for name in names if name in definitions]
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo.extend(definitions[name].needs)
    texts = [definition.text for name, definition in definitions.items() if name in wanted]
    words = {word for text in texts for word in _code_words(text)}
    modules = (Import("math"), Import("numpy", "np"))
    imports = tuple(module for module in modules if (module.alias or module.module) in words)
    return texts, imports


@lru_cache
def _definitions(target: Target) -> dict[str, _Definition]:
    """The definitions of a helper file by name, in order."""
    path = os.path.join(os.path.dirname(__file__), f"helpers_{target}.py")
    with open(path, encoding="utf-8") as file:
        source = file.read()
    starts = list(_DEFINITION.finditer(source))
    ends = [start.start() for start in starts[1:]] + [len(source)]
    texts = {
        start[1] or start[2]: source[start.start() : end].strip()
        for start, end in zip(starts, ends, strict=True)
    }
    return {
        name: _Definition(text, frozenset(_code_words(text) & texts.keys() - {name}))
        for name, text in texts.items()
    }


def _code_words(text: str) -> set[str]:
    """The words of a definition outside its docstring and comments, attributes excepted."""
    return set(_WORD.findall(_PROSE.sub("", text)))
