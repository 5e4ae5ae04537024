"""A derivation as Markdown with the mathematics that GitHub shows.

Formulas stand in `math` fences and between `` $` `` and `` `$ ``, where no character is Markdown;
programs stand in fences that are longer than any in them.  Other text is this package's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradc.diagnostics.display import visible
from gradc.explain.latex import aligned
from gradc.explain.model import Block, Code, Derivation, Display, Listing, Math, Paragraph, Words


def markdown(derivation: Derivation) -> str:
    """The derivation as a page."""
    parts = [f"# {_words(derivation.title)}"]
    for block in derivation.opening:
        parts += _block(block)
    for i, step in enumerate(derivation.steps, 1):
        parts.append(f"## {i}. {_words(step.title)}")
        for block in step.blocks:
            parts += _block(block)
    return "\n\n".join(parts) + "\n"


def _words(words: Words) -> str:
    return "".join(map(_word, words))


def _word(word: str | Math | Code) -> str:
    match word:
        case Math(markup):
            return f"$`{markup.strip()}`$"
        case Code(content):
            fence = _fence(content, 1)
            return f"{fence}{visible(content)}{fence}"
        case _:
            return re.sub(r"([\\`*_{}\[\]<>#])", r"\\\1", visible(word))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield _words(words)
        case Listing(content):
            fence = _fence(content, 3)
            lines = "\n".join(map(visible, content.split("\n")))
            yield f"{fence}text\n{lines}\n{fence}"
        case Display(rows):
            lines = " \\\\\n".join(aligned(rows))
            yield f"```math\n\\begin{{aligned}}\n{lines}\n\\end{{aligned}}\n```"


def _fence(content: str, least: int) -> str:
    """Backticks, more than stand together in a text."""
    longest = max(map(len, re.findall("`+", content)), default=0)
    return "`" * max(least, longest + 1)
