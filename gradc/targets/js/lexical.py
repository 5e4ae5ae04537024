"""The lexical level of emitted JavaScript: numbers, strings, comments.

Invariant: whatever text comes in, what goes out is one token, or comments of as many lines, of
printable characters; it neither ends a comment nor a `<script>` element around it, and no tool
reads a comment as an instruction.  Deliberately absent: expressions and layout.
"""

from __future__ import annotations

import math
import re

from gradc.targets.statements.text import printable, remark, shortened

# What makes a tool (linter, formatter, type checker, bundler) read a comment.
_PRAGMA = re.compile(
    r"(?i:[@#!]|eslint|prettier|jshint|jslint|tslint|biome|deno|oxlint|istanbul|c8\b|v8\b|globals?\b"
    r"|exported\b|webpack|vite|flow\b|(?:end)?region|[a-z]+-(?:ignore|disable|enable))"
)
# What an HTML parser, or an engine that knows HTML comments, looks for in a script.
_MARKUP = re.compile(r"<(?=[!/?]|script)|--(?=>)", re.IGNORECASE)


def number_text(value: float | int) -> str:
    """The shortest literal that reads back as the number; raises ValueError if it has none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no literal")
        return repr(value).removesuffix(".0").replace("e+", "e")
    return repr(value)


def string_text(text: str) -> str:
    """A string literal in double quotes, in which no markup is to be seen."""
    body = printable(text.replace("\\", "\\\\").replace('"', '\\"'))
    body = re.sub(r"\\U([0-9a-f]{8})", lambda m: f"\\u{{{m[1].lstrip('0')}}}", body)
    return '"' + _MARKUP.sub(lambda m: "\\x3c" if m[0] == "<" else "-\\x2d", body) + '"'


def comment_text(text: str) -> str:
    """A whole comment on one line, `// ` included."""
    text = shortened(_unmarked(remark(text)))
    return f"// `{text}`" if _PRAGMA.match(text) else f"// {text}"


def block_comment(text: str, indent: str = "") -> list[str]:
    """A comment before a definition, as lines; one line where the text is one."""
    lines = [_unmarked(printable(line.rstrip())).replace("*/", "* /") for line in text.split("\n")]
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    body = [f"{indent} * {line}".rstrip() for line in lines]
    return [f"{indent}/**", *body, f"{indent} */"]


def _unmarked(text: str) -> str:
    """The text with a blank in whatever would be markup."""
    return _MARKUP.sub(r"\g<0> ", text)
