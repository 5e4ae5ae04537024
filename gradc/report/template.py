"""Data as JSON for people to change: a line for each input, or for each row of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def template(values: Mapping[str, Any]) -> str:
    """An object of numbers and nested lists; the rows of a matrix stand below each other."""
    entries = (f"  {_json(name)}: {''.join(_rows(value, '  '))}" for name, value in values.items())
    body = ",\n".join(entries)
    return f"{{\n{body}\n}}\n" if body else "{}\n"


def _rows(value: Any, indent: str) -> Iterator[str]:
    """The text of a value; lists of lists are broken, of any depth, which is that of a shape."""
    if not (isinstance(value, list) and value and isinstance(value[0], list)):
        yield _json(value)
        return
    inner = indent + "  "
    mark = "["
    for row in value:
        yield f"{mark}\n{inner}"
        yield from _rows(row, inner)
        mark = ","
    yield f"\n{indent}]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
