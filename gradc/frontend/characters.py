"""What is wrong with a character: forbidden ones, look-alikes, operators of other languages.

Invariant: whatever the lexer calls `$ERROR` gets a diagnostic here, or had one already from
`forbidden_characters`, which looks at the whole text, comments included.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradc.diagnostics import Diagnostic, Label, Source, Span
from gradc.frontend.lexer import FORBIDDEN, Token, is_name, token_text

BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)

#: What to type for a character that looks like, or means, something of the language.
LOOKALIKES: dict[str, str] = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63", "-"),
    **dict.fromkeys("\u00d7\u00b7\u0387\u2022\u2217\u2219\u22c5\u2715\u2a2f", "*"),
    **dict.fromkeys("\u00f7\u2044\u2215\u2236", "/"),
    **dict.fromkeys("\u2264\u2a7d\u21d0", "<="),
    **dict.fromkeys("\u2265\u2a7e", ">="),
    **dict.fromkeys("\u2190\u2254\u225c", "="),
    "\u2260": "!=",
    "\u2227": "and",
    "\u2228": "or",
    "\u00ac": "not",
    "\u221a": "sqrt( )",
    "\u2211": "sum( )",
    "\u220f": "prod( )",
    "\u22a4": ".T",
}

#: Operators of other languages, longest first, and what to write instead.
FOREIGN: dict[str, str] = {
    "&&": "write `and`",
    "||": "write `or`",
    ".*": "write `*`, which is elementwise",
    "./": "write `/`, which is elementwise",
    ".^": "write `^` or `**`, which are elementwise",
    "!": "write `not`",
    "&": "write `and`",
    "|": "write `or`",
    "~": "write `not`",
    "\\": "to go on in the next line, put the expression in brackets ( )",
    "{": "group with ( ), and write arrays with [ ]",
    "}": "group with ( ), and write arrays with [ ]",
    ".": "`.T` transposes a matrix; functions stand alone, as in `sin(x)` and `sum(x)`",
}

QUOTES = frozenset("'\"`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u2032\u2033")

SPACES_HELP = "type an ordinary space"


def forbidden_characters(source: Source) -> Iterator[Diagnostic]:
    """A diagnostic for each character that may stand nowhere, not even in a comment."""
    for match in FORBIDDEN.finditer(source.text):
        character = match.group()
        if character in BIDIRECTIONAL:
            message = f"invisible bidirectional control {describe(character)}"
            remark = "makes the text read otherwise than it runs"
        else:
            message = f"control character {describe(character)}"
            remark = "not allowed, not even in a comment"
        yield Diagnostic(
            "G0103",
            message,
            (Label(Span(*match.span()), remark),),
            help="delete it",
            source=source,
        )


def explain_character(source: Source, token: Token, follows_operand: bool) -> Diagnostic | None:
    """What is wrong with an `$ERROR` token; None where `forbidden_characters` has said it."""
    word = token_text(token)
    index = _first_wrong(word)
    character = word[index]
    start = token.start() + index
    if FORBIDDEN.match(character):
        return None
    if character in QUOTES:
        return _quote(source, start, follows_operand)
    for operator, instead in FOREIGN.items():
        if source.text.startswith(operator, start):
            return Diagnostic(
                "G0104",
                f"`{operator}` is not part of the language",
                (Label(Span(start, start + len(operator)), "unknown here"),),
                help=instead,
                source=source,
            )
    shown = f"`{character}` ({describe(character)})"
    return Diagnostic(
        "G0102",
        f"unknown character {shown if character.isprintable() else describe(character)}",
        (Label(Span(start, start + 1), "neither an operator nor part of a name"),),
        help=_substitute(character),
        source=source,
    )


def describe(character: str) -> str:
    """A character's code point and its name, as in `U+2212 MINUS SIGN`."""
    from unicodedata import name  # a large table, needed for messages only

    return f"U+{ord(character):04X} {name(character, '')}".rstrip()


def _first_wrong(word: str) -> int:
    """The index of the first character that a name cannot contain."""
    for index, character in enumerate(word):
        if not is_name(f"a{character}" if index else character):
            return index
    return 0


def _quote(source: Source, start: int, follows_operand: bool) -> Diagnostic:
    is_transpose = follows_operand and source.text[start] in "'\u2019\u2032"
    return Diagnostic(
        "G0102",
        f"`{source.text[start]}` is not part of the language",
        (Label(Span(start, start + 1), "unknown here"),),
        help="to transpose a matrix, write `.T`"
        if is_transpose
        else "a program has no text; a comment starts with `#`",
        source=source,
    )


def _substitute(character: str) -> str:
    """What to type instead of a character."""
    from unicodedata import decomposition, normalize

    if character in LOOKALIKES:
        return f"type `{LOOKALIKES[character]}`"
    if character.isspace():
        return SPACES_HELP
    plain = normalize("NFKC", character)
    if decomposition(character).startswith("<super>"):
        return f"type `**{plain}`"
    if plain.isascii() and plain.isprintable() and plain != character:
        return f"type `{plain}`"
    return "names consist of letters, digits and `_`"
