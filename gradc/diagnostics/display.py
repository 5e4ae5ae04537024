"""Text on a terminal: how wide it is, and how to show what would not be seen.

Invariant: what `visible` returns can neither move the cursor nor reorder the text around it.
"""

from __future__ import annotations


def visible(text: str) -> str:
    """A text with its control, bidi and other invisible characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(visible_character, text))


def visible_character(character: str) -> str:
    """One character, or its escape where it would not be seen."""
    from unicodedata import category  # a large table, needed for few texts

    if character.isprintable() or category(character) in ("Zs", "Co", "Cn"):
        return character
    return character.encode("unicode_escape").decode("ascii")


def display_width(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(character_width, text))


def character_width(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if character.isascii():
        return 1
    from unicodedata import category, east_asian_width

    # Vowels and final consonants of a decomposed Korean syllable join the consonant before.
    if category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if east_asian_width(character) in ("W", "F") else 1
