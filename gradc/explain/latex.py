r"""A derivation as a LaTeX document, and its parts for other writers of LaTeX mathematics.

The document compiles with pdfLaTeX, XeLaTeX and LuaLaTeX; characters that the fonts of pdfLaTeX
lack are shown by their numbers there.  Invariant: text of the author's is written by
`report.notation_latex`, which leaves no character with a meaning of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradc.explain.model import (
    Block,
    Code,
    Derivation,
    Display,
    Listing,
    Math,
    Paragraph,
    Row,
    Words,
)
from gradc.report.notation_latex import LATEX, prose
from gradc.report.numbers import PLAIN_NUMBER

# A row of more characters than this is set as a paragraph, in which TeX breaks lines.
_WIDEST = 84

_PREAMBLE = r"""\documentclass{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
\else
  \usepackage{fontspec}
\fi
\usepackage{amsmath,amssymb}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\allowdisplaybreaks
\raggedright
"""


def latex(derivation: Derivation) -> str:
    """The derivation as a document."""
    body: list[str] = [rf"\section*{{{_words(derivation.title)}}}"]
    for block in derivation.opening:
        body += _block(block)
    for i, step in enumerate(derivation.steps, 1):
        body.append(rf"\subsection*{{{i}. {_words(step.title)}}}")
        for block in step.blocks:
            body += _block(block)
    text = "\n\n".join(body)
    return f"{_PREAMBLE}{_declared(text)}\\begin{{document}}\n\n{text}\n\n\\end{{document}}\n"


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of an `aligned` environment, without their ends."""
    for row in rows:
        value = rf" &&= {number(row.value)}" if row.value else ""
        remark = (
            rf"{'' if value else ' &&'} && {LATEX.words(row.remark).text}" if row.remark else ""
        )
        yield f"{row.left} &= {row.right}{value}{remark}"


def number(text: str) -> str:
    """A number, or an array in words."""
    return LATEX.literal(text).text if PLAIN_NUMBER.fullmatch(text) else LATEX.words(text).text


def _words(words: Words) -> str:
    return "".join(map(_word, words))


def _word(word: str | Math | Code) -> str:
    match word:
        case Math(markup):
            return f"${markup}$"
        case Code(content):
            return rf"\texttt{{{prose(content)}}}"
        case _:
            return prose(word).replace("\N{RIGHTWARDS ARROW}", r"$\to$")


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield _words(words)
        case Listing(content):
            lines = (rf"\texttt{{{prose(line)}}}" for line in content.split("\n"))
            yield "\\\\\n".join(lines)
        case Display(rows):
            yield from _display(rows)


def _display(rows: Sequence[Row]) -> Iterator[str]:
    if all(_length(row) <= _WIDEST for row in rows):
        lines = " \\\\\n".join(aligned(rows))
        yield f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"
        return
    for row in rows:
        value = rf" = {number(row.value)}" if row.value else ""
        remark = rf" \quad {prose(row.remark)}" if row.remark else ""
        yield rf"\hangindent=2em $\displaystyle {row.left} = {row.right}{value}$ {remark}".rstrip()


def _length(row: Row) -> int:
    """About how many characters wide a row is."""
    text = "".join(row)
    return len(re.sub(r"\\[A-Za-z]+|[{}^_]", "", text))


def _declared(text: str) -> str:
    """For pdfLaTeX, what it shows of characters that its fonts lack."""
    unknown = sorted({character for character in text if ord(character) > 0xFF})
    if not unknown:
        return ""
    lines = [
        rf"  \DeclareUnicodeCharacter{{{ord(c):04X}}}{{\textsf{{U+{ord(c):04X}}}}}" for c in unknown
    ]
    return "\\ifPDFTeX\n" + "\n".join(lines) + "\n\\fi\n"
