"""One HTML file: markup, style, scripts and data, with nothing to fetch.

Invariants: text of an author's is JSON in which no character can end the element it stands in,
or text that is escaped; the scripts are named by their hashes in the page's own security policy,
so that nothing else in the file would run even if it were a script.  Equal arguments give equal
bytes.  Deliberately absent: any text that a person reads, which is in `assets/`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

#: The parts of the page's script, in order.
SCRIPTS = (
    "numbers.js",
    "entry.js",
    "sweep.js",
    "elements.js",
    "inputs.js",
    "source.js",
    "table.js",
    "picture.js",
    "player.js",
    "page.js",
)

_HOLE = re.compile(r"\{\{(\w+)\}\}")

# What an HTML parser could take for the end of a script, or for a comment in it.
_ENDS_SCRIPT = re.compile(r"</script|<script|<!--|\r|\0", re.IGNORECASE)


def document(title: str, data: Mapping[str, Any], program: str, picture: str) -> str:
    """The page.

    `program` is what `program_script` returns; `picture` is markup that is safe.
    """
    style, script = asset("page.css"), page_script()
    for text in (program, script):
        assert not _ENDS_SCRIPT.search(text), "a script must not hold the end of a script"
    parts = {
        "policy": _policy(style, (program, script)),
        "title": html.escape(title),
        "style": style,
        "picture": picture,
        "data": json_text(data),
        "program": program,
        "script": script,
    }
    return _HOLE.sub(lambda match: parts[match[1]], asset("page.html"))


def program_script(trace: str, partials: str) -> str:
    """The script of one program, from the sources of two functions: `trace`, which returns all
    values and adjoints, and `values`, which returns the scalar partials."""
    return (
        f"const gradcTrace = (() => {{\n{trace}\nreturn trace;\n}})();\n"
        f"const gradcPartials = (() => {{\n{partials}\nreturn values;\n}})();\n"
    )


def asset(name: str) -> str:
    """The text of one of the page's own files."""
    return files(__package__).joinpath("assets").joinpath(name).read_text(encoding="utf-8")


def page_script() -> str:
    """The script of every page."""
    parts = "\n".join(map(asset, SCRIPTS))
    return f'(() => {{\n"use strict";\n\n{parts}}})();\n'


def json_text(data: object) -> str:
    """Strict JSON in which no character has a meaning in HTML."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    allowed = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
