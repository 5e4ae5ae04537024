"""A value as it was given, before the program that reads it has been consulted.

Invariant: a `RawValue` that comes from `read_inputs` holds an int, a float, a rectangular
nested list of these, or a NumPy array of a real dtype; one that comes from the Python
interface holds whatever the caller passed.  Binding (`bind`) checks both alike.

Scalars are Python numbers, so that a program of scalars never imports NumPy.  An integer
literal of up to 19 digits stays an int: binding can tell 2**53 + 1 from 2**53.
"""

from __future__ import annotations

from typing import NamedTuple

from gradc.runtime.problems import Problems, quoted

# NumPy before 2.0 allows 32 axes.
MAX_RANK = 32


class RawValue(NamedTuple):
    """A value, and where it was given (`data.json:3:14`), for messages.

    `from_column` marks a column of a table: a list that may also bind a scalar input where
    the table has exactly one row.
    """

    data: object
    place: str
    from_column: bool = False


def checked_name(text: str, place: str, problems: Problems) -> str:
    """The name of an input in normal form (NFKC); a text that is no name is a problem."""
    name = text
    if not text.isascii():
        from unicodedata import normalize

        name = normalize("NFKC", text)
    if not name.isidentifier():
        problems.add("G0502", f"{place}: {quoted(text)} is not a name")
    return name
