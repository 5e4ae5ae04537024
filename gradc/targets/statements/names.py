"""Names of a graph into unique identifiers of one scope.

Invariants: two different names never share an identifier; no identifier is a reserved name; a
name that needs no change keeps its spelling.  Which names the language and the text around use
(keywords, `math`, `np`, the helpers, `float`, `range`) the emitter says: they are reserved, so
that a helper keeps its name and an author's `exp` becomes `exp_`.

Deliberately absent: knowledge of any language, but for the characters of identifiers, which are
Unicode's for all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


class NameAllocator:
    """Gives every graph name an identifier, the same one each time.

    `names` are those of the author's and those derived from them, in order of definition.
    Those that can keep their spelling get it first; so `lambda_` stays `lambda_` and
    `lambda` becomes `lambda__`.  A name not listed is allocated when it is first asked for.
    """

    def __init__(self, reserved: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._taken = set(reserved)
        self._identifiers: dict[str, str] = {}
        later = []
        for name in names:
            if name not in self._taken and name.isascii() and name.isidentifier():
                self._taken.add(name)
                self._identifiers[name] = name
            elif name not in self._identifiers:
                later.append(name)
        later.sort(key=lambda name: "%" in name)
        for name in later:
            self[name]

    def __getitem__(self, name: str) -> str:
        """The identifier of a graph name."""
        identifier = self._identifiers.get(name)
        if identifier is None:
            identifier = self._identifiers[name] = self.fresh(_spelling(name))
        return identifier

    def is_free(self, name: str) -> bool:
        """Whether nothing has a name yet."""
        return name not in self._taken

    def fresh(self, wish: str) -> str:
        """An identifier that nothing has yet: the wish, with underscores behind it if need be."""
        while wish in self._taken:
            wish += "_"
        self._taken.add(wish)
        return wish

    @property
    def used(self) -> Iterable[str]:
        """The identifiers of graph names."""
        return self._identifiers.values()

    @property
    def renamed(self) -> dict[str, str]:
        """The names of the author's that got another spelling, for the header of the file."""
        return {
            name: identifier
            for name, identifier in self._identifiers.items()
            if identifier != name and "%" not in name
        }


def _spelling(name: str) -> str:
    """The identifier nearest to a graph name: `J%1_dot` gives `J_1_dot`."""
    spelling = unicodedata.normalize("NFKC", name)
    if not spelling.isidentifier():
        kept = [char if ("_" + char).isidentifier() else "_" for char in spelling]
        spelling = "".join(kept)
        if not spelling.isidentifier():
            spelling = "_" + spelling
    return spelling
