"""The lexical level of emitted Python: numbers, strings, comments, docstrings, widths.

Invariant: whatever text comes in, what goes out is one token (or one comment) of printable
characters, in the spelling that `ruff format` leaves alone, and a comment is never an
instruction to a tool.  Deliberately absent: expressions and layout.
"""

from __future__ import annotations

import math
import re

from gradc.targets.statements.text import printable, remark, shortened

# What makes a tool (linter, formatter, type checker, editor) read a comment: a few words, or
# any word in lower case with a colon, such as `type:` and `fmt:`.
_PRAGMA = re.compile(
    r"(?i:no\s?qa|nosec|nosonar|nopep8|nolint|pragma|(?:end)?region)(?!\w)"
    r"|(?i:noqa|type|fmt)\s*:|[a-z][\w.-]*\s*:|[!:%]|\W*-\*-"
)
_DOCSTRING_ESCAPE = re.compile(r'"""|"$|\\')
_CODING = re.compile(r"(coding)([:=])")


def number_text(value: float | int) -> str:
    """The shortest literal that reads back as the number; raises ValueError if it has none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no literal")
        return repr(value).replace("e+", "e")
    return repr(value)


def string_text(text: str) -> str:
    """A string literal, double-quoted unless that would need more escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = printable(text.replace("\\", "\\\\").replace(quote, "\\" + quote))
    return f"{quote}{body}{quote}"


def comment_text(text: str) -> str:
    """A whole comment, `# ` included, that no tool reads as an instruction.

    White space is made single, a long text ends in `...`, and a text that begins like a
    pragma is put between back quotes.
    """
    text = remark(text)
    if "#" in text:
        text = text.replace("#", "\\x23")
    text = shortened(text)
    if "coding" in text:
        text = _CODING.sub(r"\1 \2", text)
    if _PRAGMA.match(text):
        text = f"`{text.replace('-*-', '- * -')}`"
    return f"# {text}"


def docstring_lines(text: str, indent: str) -> list[str]:
    """A docstring as lines, none if it is blank.

    The lines after the first lose their common indentation; one of several lines has its
    closing quotes on a line of their own.
    """
    if not text.strip():
        return []
    first, *rest = [_docstring_line(line) for line in text.strip().split("\n")]
    if first.startswith('"'):
        # A quote right after the opening quotes would join them.
        first = "\\" + first
    if not rest:
        return [f'{indent}"""{first}"""']
    common = min([len(line) - len(line.lstrip()) for line in rest if line], default=0)
    body = [indent + line[common:] if line else "" for line in rest]
    return [f'{indent}"""{first}', *body, f'{indent}"""']


def _docstring_line(line: str) -> str:
    """One line of a docstring, escaped so that it can neither end nor continue the string."""
    line = _DOCSTRING_ESCAPE.sub(_escape_each, line.expandtabs().rstrip())
    return printable(line)


def _escape_each(match: re.Match[str]) -> str:
    return "".join(["\\" + char for char in match[0]])
