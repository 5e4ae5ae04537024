"""Names that are nearly right: hints for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable

# What people write who come from a textbook or another tool.
FOREIGN_FUNCTIONS = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "softplus": "log1pexp",
    "gammaln": "lgamma",
    "loggamma": "lgamma",
    "psi": "digamma",
    "average": "mean",
    "logistic": "sigmoid",
    "expit": "sigmoid",
    "sgn": "sign",
    "fabs": "abs",
    "concatenate": "concat",
    "identity": "eye",
    "tr": "trace",
    "matmul": "@",
    "pow": "**",
    "power": "**",
    "square": "x**2",
    "transpose": ".T",
    "cumsum": "y[i in N] = sum[j in 0:i+1](x[j])",
    "argmax": "argmax[i](x[i])",
    "argmin": "argmin[i](x[i])",
    "any": "any[i](x[i])",
    "all": "all[i](x[i])",
}

# Shorter names are too near to each other; longer ones nobody types.
SHORTEST_MISSPELT = 4
LONGEST_MISSPELT = 64


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like the name, or None where none is like it."""
    best: tuple[int, str] | None = None
    letters = set(name)
    for candidate in candidates:
        if candidate.lower() == name.lower() and candidate != name:
            return candidate
        allowed = 1 if len(name) < 5 else 2
        if len(name) < 3 or abs(len(candidate) - len(name)) > allowed:
            continue
        if len(letters.difference(candidate)) > allowed:  # one edit for each, and cheap to see
            continue
        distance = edit_distance(name, candidate)
        if distance <= allowed and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best else None


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours between two words."""
    before: list[int] = []
    above = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


class Neighbours:
    """The defined names, found by what they have in common with a misspelt one.

    Words one edit apart are equal once each lacks one character or none, so no name is
    compared with all others.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._ranks = {name: rank for rank, name in enumerate(names)}
        self._sharing: dict[str, list[str]] = {}
        for name in self._ranks:
            for part in _parts(name):
                self._sharing.setdefault(part, []).append(name)

    def misspelt(self, free: str) -> str | None:
        """The first defined name that a free name looks like."""
        near = {name for part in _parts(free) for name in self._sharing.get(part, ())}
        alike = [name for name in near if looks_misspelt(free, name)]
        return min(alike, key=self._ranks.__getitem__, default=None)


def _parts(name: str) -> set[str]:
    """A name in lower case, and what is left of it without one of its characters."""
    word = name.lower()
    if not SHORTEST_MISSPELT <= len(name) <= LONGEST_MISSPELT:
        return {word}
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def looks_misspelt(free: str, defined: str) -> bool:
    """Whether a free name is suspiciously like a defined one.

    Names that differ in a digit (`x1`, `x2`) are a family, and short names are too near to
    each other to say anything, except where only the case differs.
    """
    if free == defined:
        return False
    if free.lower() == defined.lower():
        return True
    if min(len(free), len(defined)) < SHORTEST_MISSPELT or abs(len(free) - len(defined)) > 1:
        return False
    return _letters(free) != _letters(defined) and edit_distance(free, defined) == 1


def _letters(name: str) -> str:
    return "".join(c for c in name if not c.isdigit() and c != "_")
