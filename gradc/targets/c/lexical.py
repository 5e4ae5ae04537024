"""The lexical level of emitted C: numbers, strings, comments.

Invariant: whatever text comes in, what goes out is one token, or a comment on one line, of plain
ASCII; it neither ends its comment nor goes on in the next line, by `*/`, a backslash or a
trigraph.  Deliberately absent: expressions and layout.
"""

from __future__ import annotations

import math
import re

from gradc.diagnostics import Diagnostic, UsageError
from gradc.ir.precision import rounded
from gradc.targets.c.names import ascii_letters
from gradc.targets.statements.text import printable, remark, shortened

_INT32 = 2**31


def real_text(value: float, single: bool = False) -> str:
    """A literal, or a macro of <math.h>, that is exactly the number; in single precision the
    nearest there is."""
    if single and math.isfinite(value):
        value = rounded(value)
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = repr(value)
    if single:
        text = next(t for p in range(1, 18) if rounded(float(t := f"{value:.{p}g}")) == value)
        text = text if any(char in text for char in ".en") else f"{text}.0"
        return f"{text}f"
    return text


def int_text(value: int) -> str:
    """A literal of 64 bits; raises UsageError if there is none, as for the size of an array that no
    memory holds."""
    if not -(2**63) <= value < 2**63:
        what = f"{value} has more than 64 bits: C cannot count so many elements"
        raise UsageError([Diagnostic("G0704", what, help="make arrays or loops shorter")])
    if value == -(2**63):
        return "INT64_MIN"
    return str(value) if -_INT32 < value < _INT32 else f"INT64_C({value})"


def string_text(text: str) -> str:
    """A string literal of ASCII, in which nothing is a trigraph."""
    return f'"{"".join(map(_quoted, text))}"'


def _quoted(char: str) -> str:
    """A character in a string: what is not printable ASCII as octal escapes of its bytes in UTF-8,
    which are three digits at most."""
    if char in '\\"?':
        return f"\\{char}"
    if char.isascii() and char.isprintable():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogatepass"))


def comment_text(text: str) -> str:
    """A whole comment on one line, `// ` included."""
    return f"// {shortened(harmless(remark(text)))}".rstrip()


def harmless(text: str) -> str:
    """One line of ASCII that neither begins nor ends a comment, nor goes on in the next line."""
    text = "".join(c if c.isascii() else ascii_letters(c) for c in printable(text))
    text = re.sub(r"\*(?=/)|/(?=\*)", r"\g<0> ", text)
    text = re.sub(r"\?(?=\?)", "? ", text)
    return f"{text} ." if text.rstrip().endswith("\\") else text
