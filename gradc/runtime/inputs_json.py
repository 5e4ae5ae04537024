"""Inputs as JSON: one object, name -> number or nested list, or one value.

Strict JSON, read by our own scanner rather than `json`, because a problem must say where it
is, a key given twice must be seen, and no nesting or number may stop the reader.
Deliberately absent: nested objects, booleans and null, which are not numbers.
"""

from __future__ import annotations

import re

from gradc.diagnostics import InputError, Source
from gradc.runtime.literals import JSON, Scanner
from gradc.runtime.problems import Problems, quoted
from gradc.runtime.values import RawValue, checked_name

_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')


def read_json_object(text: str, name: str) -> list[tuple[str, RawValue]]:
    """The named values of a JSON object.

    `name` is the name of the file, for messages.  Raises `InputError` with all problems up
    to the first place from which the text cannot be read on.
    """
    return _Reader(text, name).object()


def read_json_value(text: str, name: str) -> RawValue:
    """The one number or nested list that a JSON text holds; raises `InputError`."""
    return _Reader(text, name).only_value()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._source = Source(quoted(name, 200)[1:-1], text)
        self._problems = Problems()
        self._scanner = Scanner(text, JSON, self._place, self._problems)

    def _place(self, at: int) -> str:
        line, column = self._source.line_column(at)
        return f"{self._source.name}:{line}:{column}"

    def only_value(self) -> RawValue:
        data, at = self._scanner.value(0)
        self._expect_end(at)
        self._problems.check()
        return RawValue(data, self._source.name)

    def object(self) -> list[tuple[str, RawValue]]:
        values: dict[str, RawValue] = {}
        at = self._expect(0, "{", "an object `{...}` of named values")
        if self._next(at) == "}":
            mark, at = "}", self._scanner.skip(at) + 1
        else:
            mark = ","
        while mark == ",":
            at = self._scanner.skip(at)
            place = self._place(at)
            key, at = self._key(at)
            name = checked_name(key, place, self._problems)
            at = self._expect(at, ":", "`:`")
            data, at = self._scanner.value(at)
            if name in values:
                first = values[name].place
                self._problems.add(
                    "G0503", f"{place}: {quoted(name)} is given twice, first at {first}"
                )
            else:
                values[name] = RawValue(data, place)
            mark = self._next(at)
            at = self._expect(at, mark if mark in (",", "}") else ",", "`,` or `}`")
        self._expect_end(at)
        self._problems.check()
        return list(values.items())

    def _key(self, at: int) -> tuple[str, int]:
        match = _STRING.match(self._text, at)
        if match is None:
            raise self._unexpected(at, 'a name in quotes, as in {"a": 5}')
        token = match[0]
        if "\\" not in token:
            return token[1:-1], match.end()
        import json

        decoded = json.loads(token)
        assert isinstance(decoded, str)
        return decoded, match.end()

    def _next(self, at: int) -> str:
        at = self._scanner.skip(at)
        return self._text[at : at + 1]

    def _expect(self, at: int, mark: str, what: str) -> int:
        at = self._scanner.skip(at)
        if not self._text.startswith(mark, at):
            raise self._unexpected(at, what)
        return at + 1

    def _expect_end(self, at: int) -> None:
        at = self._scanner.skip(at)
        if at < len(self._text):
            raise self._unexpected(at, "the end of the text")

    def _unexpected(self, at: int, what: str) -> InputError:
        if at < len(self._text):
            found = f"found {quoted(self._text[at])}"
        else:
            found = "but the text ends" if self._text.strip() else "but the text is empty"
        return self._problems.fatal("G0506", f"{self._place(at)}: {what} must stand here, {found}")
