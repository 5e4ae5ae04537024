"""Numbers and arrays as text: `5`, `-1e-3`, `[[1, 2], [3, 4]]`.

Two dialects share one scanner: what people type on a command line (JSON numbers, and `+5`,
`.5`, `nan`, `inf`), and strict JSON (where the strings "nan", "inf", "-inf" stand for what
JSON cannot say).  Invariant: scanning is iterative and linear in the text, whatever the
text is.  Deliberately absent: names, objects, files, and any evaluation of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf, isinf, nan
from typing import NamedTuple

from gradc.diagnostics import InputError
from gradc.runtime.problems import Problems, counted, quoted
from gradc.runtime.values import MAX_RANK

Number = int | float

# A sign and the 19 digits of 2**63.  Longer integers become doubles at once, since converting
# a million digits to an int takes quadratic time.
_LONGEST_INT = 20

_SPACE = re.compile(r"[ \t\r\n]*")
_DELIMITER = re.compile(r"[ \t\r\n]*([,\]])")
# What a person would call one word, for messages: a string or a run without punctuation.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,\[\]{}]+', re.DOTALL)


class Dialect(NamedTuple):
    """How numbers are written: `element` matches one and the delimiter after it."""

    element: re.Pattern[str]
    words: Mapping[str, float]
    help: str


def _dialect(whole: str, real: str, words: Mapping[str, float], help: str) -> Dialect:
    space = _SPACE.pattern
    special = "|".join(map(re.escape, words))
    return Dialect(
        re.compile(
            rf"{space}(?:(?P<whole>{whole})|(?P<real>{real})|(?P<word>{special}))"
            rf"{space}(?P<delimiter>[,\]}}]|\Z)"
        ),
        words,
        help,
    )


_DIGITS = r"(?:0|[1-9][0-9]*)"
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"

TYPED = _dialect(
    whole=rf"[+-]?{_DIGITS}",
    real=rf"[+-]?(?:{_DIGITS}(?:\.[0-9]+)?|\.[0-9]+){_EXPONENT}",
    words={"nan": nan, "inf": inf, "+inf": inf, "-inf": -inf},
    help="a number is written like 5, -0.25, 1e-3, nan, inf or -inf",
)

JSON = _dialect(
    whole=rf"-?{_DIGITS}",
    real=rf"-?{_DIGITS}(?:\.[0-9]+)?{_EXPONENT}",
    words={'"nan"': nan, '"inf"': inf, '"-inf"': -inf},
    help='a value is a JSON number, a list of numbers, or "nan", "inf", "-inf" in quotes',
)


def parse_number(text: str, dialect: Dialect) -> Number | None:
    """The number that a text is, or None where it is none.

    Raises OverflowError for a number that is larger than the largest double.
    """
    match = dialect.element.fullmatch(text)
    if match is None or match["delimiter"]:
        return None
    return _convert(match, dialect)


def _convert(match: re.Match[str], dialect: Dialect) -> Number:
    whole, real, word = match.group("whole", "real", "word")
    if word is not None:
        return dialect.words[word]
    if whole is not None and len(whole) <= _LONGEST_INT:
        # An int has no negative zero.
        return int(whole) or (-0.0 if whole.startswith("-") else 0)
    value = float(real if whole is None else whole)
    if isinf(value):
        raise OverflowError
    return value


class _Level:
    """An array whose closing bracket has not come yet."""

    __slots__ = ("inner", "items", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.items: list[object] = []
        self.inner: tuple[int, ...] | None = None  # the shape of each item; None: no item yet


class Scanner:
    """Reads values out of a text; `place` says in words where an offset is."""

    def __init__(
        self, text: str, dialect: Dialect, place: Callable[[int], str], problems: Problems
    ) -> None:
        self._text = text
        self._dialect = dialect
        self._place = place
        self._problems = problems

    def skip(self, at: int) -> int:
        """The offset of the first character from `at` on that is not white space."""
        match = _SPACE.match(self._text, at)
        return at if match is None else match.end()

    def value(self, at: int) -> tuple[object, int]:
        """The number or nested list at an offset, and the offset after it.

        What is readable but not a number is noted as a problem, and reading goes on; what is
        not readable raises `InputError`.
        """
        at = self.skip(at)
        if self._text.startswith("[", at):
            return self._array(at)
        match = self._dialect.element.match(self._text, at)
        if match is not None and match["delimiter"] != "]":
            return self._number(match, at), match.start("delimiter")
        return self._odd(at)

    def _array(self, at: int) -> tuple[list[object], int]:
        stack = [_Level(at)]
        at += 1
        while True:
            level = stack[-1]
            match = self._dialect.element.match(self._text, at)
            if match is not None and match["delimiter"] in (",", "]"):
                self._append(level, self._number(match, at), (), at)
                mark, at = match["delimiter"], match.end()
            else:
                at = self.skip(at)
                if self._text.startswith("[", at):
                    self._check_depth(stack, at)
                    stack.append(_Level(at))
                    at += 1
                    continue
                if self._text.startswith("]", at) and not level.items:
                    mark, at = "]", at + 1
                else:
                    number, after = self._odd(at, level)
                    self._append(level, number, (), at)
                    mark, at = self._delimiter(after, level)
            while mark == "]":
                done = stack.pop()
                if not stack:
                    return done.items, at
                shape = (len(done.items), *(done.inner or ()))
                self._append(stack[-1], done.items, shape, done.start)
                mark, at = self._delimiter(at, stack[-1])

    def _append(self, level: _Level, item: object, shape: tuple[int, ...], at: int) -> None:
        level.items.append(item)
        if level.inner is None:
            level.inner = shape
        elif level.inner != shape:
            self._problems.add("G0508", _ragged(self._place(self.skip(at)), level.inner, shape))

    def _number(self, match: re.Match[str], at: int) -> Number:
        try:
            return _convert(match, self._dialect)
        except OverflowError:
            text = match["whole"] or match["real"]
            self._problems.add("G0509", f"{self._place(self.skip(at))}: {too_large(text)}")
            return inf

    def _odd(self, at: int, level: _Level | None = None) -> tuple[Number, int]:
        """What stands where a number must, followed by a delimiter, and does not."""
        token = _TOKEN.match(self._text, at)
        if token is None:
            if at == len(self._text):
                raise self._ended(level)
            found = quoted(self._text[at])
            what = f"{self._place(at)}: a number must stand here, found {found}"
            raise self._problems.fatal("G0506", what)
        match = self._dialect.element.fullmatch(token[0])
        if match is not None:
            return self._number(match, at), token.end()
        what = f"{self._place(at)}: {quoted(token[0])} is not a number"
        self._problems.add("G0507", what, self._dialect.help)
        return nan, token.end()

    def _delimiter(self, at: int, level: _Level) -> tuple[str, int]:
        match = _DELIMITER.match(self._text, at)
        if match is not None:
            return match[1], match.end()
        at = self.skip(at)
        if at == len(self._text):
            raise self._ended(level)
        found = quoted(self._text[at])
        raise self._problems.fatal(
            "G0506", f"{self._place(at)}: `,` or `]` must stand here, found {found}"
        )

    def _ended(self, level: _Level | None) -> InputError:
        what = "the value is missing" if level is None else "this `[` is never closed"
        at = len(self._text) if level is None else level.start
        return self._problems.fatal("G0506", f"{self._place(at)}: {what}")

    def _check_depth(self, stack: list[_Level], at: int) -> None:
        if len(stack) == MAX_RANK:
            raise self._problems.fatal(
                "G0508", f"{self._place(at)}: lists are nested more than {MAX_RANK} deep"
            )


def too_large(text: str) -> str:
    """What is wrong with a number that overflows."""
    return f"{quoted(text)} is larger than the largest double, about 1.8e308"


def _ragged(place: str, first: tuple[int, ...], other: tuple[int, ...]) -> str:
    if not first or not other or len(first) != len(other):
        return f"{place}: the list mixes numbers and lists, or lists of different depth"
    if first[0] == other[0]:
        return f"{place}: this list has lists of {other[1:]} elements, the first one {first[1:]}"
    elements = counted(other[0], "element")
    return f"{place}: this list has {elements}, the first one beside it has {first[0]}"
