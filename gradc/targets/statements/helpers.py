"""The helper functions of emitted modules, as text taken from the helper files.

A helper file is real source, tested as such; here it is cut at its top-level definitions, and
never run.  Helpers keep their names: the emitter reserves the names that it uses, so that a
quantity of the author's called `exp` becomes `exp_` (`names.py`).

Invariant: the text of a definition is that of the file, to the character.  Deliberately
absent: a list of the helpers, because the files are that list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Definition(NamedTuple):
    """A helper: its text, and every helper named in its code."""

    text: str
    needs: frozenset[str]


class Cut(NamedTuple):
    """How a language's files are cut: where a definition begins, its name being the first group
    or the second, what is no code, and what a name looks like."""

    beginning: re.Pattern[str]
    prose: re.Pattern[str]
    word: re.Pattern[str]

    def words(self, text: str) -> set[str]:
        """The words of a definition outside its comments, attributes excepted."""
        return set(self.word.findall(self.prose.sub("", text)))

    def definitions(self, source: str) -> dict[str, Definition]:
        """The definitions of a file by name, in order."""
        starts = list(self.beginning.finditer(source))
        ends = [start.start() for start in starts[1:]] + [len(source)]
        texts = {
            start[1] or start[2]: source[start.start() : end].strip()
            for start, end in zip(starts, ends, strict=True)
        }
        return {
            name: Definition(text, frozenset(self.words(text) & texts.keys() - {name}))
            for name, text in texts.items()
        }


def wanted(definitions: Mapping[str, Definition], names: Iterable[str]) -> list[str]:
    """The helpers named and those that they call, in the order of the file.

    A name that is not a helper is passed over, so `names` may be everything that an emitted
    module calls.
    """
    found: set[str] = set()
    todo = [name for name in names if name in definitions]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(definitions[name].needs)
    return [name for name in definitions if name in found]
