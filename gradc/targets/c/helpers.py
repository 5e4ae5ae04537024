"""The library of emitted C, as text taken from the files of `library/`; see `statements.helpers`.

A block of a file begins at a comment `/* ... */` at the margin and goes to the next one; it may
define several names.  Files of `_GENERIC` are written for double precision and serve single
precision too: there their types, literals and the functions that they call are replaced.  The
functions of all others are suffixed by their type (`g_exp`, `g_expf`, `g_absi`).

Invariant: what is emitted is the text of the files, but for that replacement.  Deliberately
absent: a list of the functions, because the files are that list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

FOLDER = os.path.join(os.path.dirname(__file__), "library")
_GENERIC = frozenset({"linear.c", "products.c"})
_PROLOGUE = "prologue.c"
_LONG = 1200  # characters of a function and what it rests on, from which a call of it pays
_REALS = r"(?:double|float) \w+(?:, (?:double|float) \w+)*"

_BLOCK = re.compile(r"^/\*", re.MULTILINE)
_DEFINED = re.compile(
    r"^(?:static|G_INLINE)\b[^;={(\n\[]*?(\w+)(?=[\[(])"
    r"|^#\s*define (\w+)"
    r"|^typedef [^;]*?\b(g_\w+)",
    re.MULTILINE,
)
_HEADING = re.compile(r"\n\n(?://.*\n?)+\Z")
_PROSE = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/|//.*|\"[^\"\n]*\"")
_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_REAL = re.compile(
    r"(?<![\w.])(?:0[xX][\da-fA-F.]+[pP][+-]?\d+|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)"
    r"(?![\w.])"
)
_MATHS = re.compile(
    r"\b(acosh?|asinh?|atan[2h]?|cbrt|ceil|copysign|cosh?|erfc?|exp2?|expm1|fabs|floor|fma|fmax|fmin"
    r"|fmod|hypot|ldexp|lgamma|log|log10|log1p|log2|nearbyint|nextafter|pow|rint|round|scalbn|sinh?"
    r"|sqrt|tanh?|tgamma|trunc)(?=\()"
)


#: How a function is called that is not written in place: `G_SHARED` from loops in vector registers
#: as well, for which compilers make another version of it.
Way = Literal["G_CALLED", "G_SHARED"]
WAYS: tuple[Way, ...] = ("G_CALLED", "G_SHARED")


class Block(NamedTuple):
    """A part of the library: its text, what it defines, and all that it names."""

    text: str
    defines: frozenset[str]
    words: frozenset[str]


def helper_names(single: bool = False) -> frozenset[str]:
    """The names of all definitions of the library."""
    return frozenset(name for block in _blocks(single) for name in block.defines)


def helper_source(
    names: Collection[str],
    single: bool = False,
    called: Collection[str] = (),
    way: Way = "G_CALLED",
) -> list[str]:
    """The blocks that define the names and those that they use, what they rest on first.

    Functions of the library are written in place of their calls, except for those of `called`
    that are long: these are compiled once, in a `way` that suits the calls.
    """
    blocks = _blocks(single)
    places = {name: place for place, block in enumerate(blocks) for name in block.defines}
    found = _with_needs(names, blocks, places)
    texts = {place: blocks[place].text for place in _in_order(found, blocks, places)}
    for name in called:
        needed = _with_needs([name], blocks, places)
        if sum(len(blocks[place].text) for place in needed) > _LONG:
            place = places[name]
            texts[place] = re.sub(
                rf"^G_INLINE (\w+ {name}\({_REALS}\))", rf"{way} \1", texts[place], flags=re.M
            )
    return list(texts.values())


def prologue(helpers: Iterable[str] = ()) -> str:
    """What stands before all definitions: no more than what these need."""
    text = _read(_PROLOGUE).strip()
    code = "\n".join(helpers)
    if "G_SHARED" not in code:
        text = text[: text.index("\n\n// Compiled once more")]
    return text if "G_CALLED" in code else re.sub(r"#define G_CALLED.*\n", "", text)


def _with_needs(names: Iterable[str], blocks: list[Block], places: Mapping[str, int]) -> set[int]:
    """The blocks that define the names and those that they use."""
    found: set[int] = set()
    todo = [places[name] for name in names]
    while todo:
        place = todo.pop()
        if place not in found:
            found.add(place)
            todo += [places[word] for word in blocks[place].words if word in places]
    return found


def _in_order(found: set[int], blocks: list[Block], places: dict[str, int]) -> list[int]:
    """Each block behind those that it uses, else in the order of the files."""
    done: dict[int, None] = {}
    for first in sorted(found):
        todo = [first]
        while todo:
            place = todo[-1]
            needs = {places[word] for word in blocks[place].words if word in places}
            missing = sorted(needs - done.keys() - set(todo), reverse=True)
            if missing and place not in done:
                todo += missing
            else:
                done.setdefault(todo.pop(), None)
    return list(done)


@lru_cache
def _blocks(single: bool) -> list[Block]:
    """All blocks of the library."""
    names = sorted(name for name in os.listdir(FOLDER) if name.endswith(".c"))
    plain = [name for name in names if name != _PROLOGUE and name not in _GENERIC]
    found = [block for name in plain for block in _cut(_read(name))]
    singles = {word for block in found for word in block.defines if word.endswith("f")}
    for name in names:
        if name in _GENERIC:
            text = _read(name)
            found += _cut(_in_single_precision(text, singles) if single else text)
    return found


def _cut(text: str) -> list[Block]:
    starts = [match.start() for match in _BLOCK.finditer(text)]
    found = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        body = _HEADING.sub("", text[start:end].rstrip() + "\n").strip()
        code = _PROSE.sub("", body)
        defined = frozenset(next(filter(None, match.groups())) for match in _DEFINED.finditer(code))
        found.append(Block(body, defined, frozenset(_WORD.findall(code)) - defined))
    return found


def _in_single_precision(text: str, singles: set[str]) -> str:
    """A text for double precision with the types, literals and functions of single precision."""
    text = re.sub(r"\bdouble\b", "float", text)
    text = _REAL.sub(r"\g<0>f", text)
    text = _MATHS.sub(r"\1f", text)
    return re.sub(r"\bg_\w+", lambda m: f"{m[0]}f" if f"{m[0]}f" in singles else m[0], text)


def _read(name: str) -> str:
    with open(os.path.join(FOLDER, name), encoding="ascii") as file:
        return file.read()
