"""The diagnostics of mistakes that leave the grammar's shape intact.

The builder finds these while it makes nodes.  What the automaton cannot read at all is explained
in `unexpected`, and characters in `characters`.
"""

from __future__ import annotations

from gradc.diagnostics import Diagnostic, Label, Source, Span
from gradc.frontend.lexer import Token, token_span, token_text
from gradc.frontend.syntax import Binary, Expr

#: What each word of a later version introduces, in the plural.
LATER = {
    "def": "functions",
    "loop": "loops",
    "carry": "loops",
    "while": "loops",
    "checkpoint": "loops",
    "return": "functions",
    "with": "an author's own derivatives",
}

#: Help that quotes the source is left general when the quotation would be longer than this.
LONGEST_QUOTATION = 60


def not_in_this_version(source: Source, word: Token) -> Diagnostic:
    """A statement that begins with a word of a later version."""
    text = token_text(word)
    return unsupported(source, Span(*token_span(word)), f"{LATER[text]} (`{text}`)")


def unsupported(source: Source, span: Span, what: str) -> Diagnostic:
    """Something that the language has but this version has not; `what` is in the plural."""
    return Diagnostic(
        "G0117",
        f"{what} are not supported by this version of gradc",
        (Label(span, "not supported yet"),),
        source=source,
    )


def number_too_long(source: Source, literal: Token, limit: int) -> Diagnostic:
    """A literal with more characters than any number needs."""
    start, end = token_span(literal)
    return Diagnostic(
        "G0107",
        f"this number has {end - start} characters; at most {limit} are read",
        (Label(Span(start, end), "too long"),),
        help="17 significant digits determine a double",
        source=source,
    )


def number_too_large(source: Source, literal: Token) -> Diagnostic:
    """A literal beyond the largest double."""
    return Diagnostic(
        "G0107",
        f"the number `{token_text(literal)}` is too large",
        (Label(Span(*token_span(literal)), "this would be infinite"),),
        help="the largest double is about 1.8e308",
        source=source,
    )


def chained_comparison(source: Source, left: Expr, comparison: Binary) -> Diagnostic:
    """`a < b < c`, where `left` is `a < b`."""
    operator = source.snippet(comparison.op_span)
    help_text = "compare two at a time, and join the comparisons with `and`"
    if isinstance(left, Binary):
        middle = source.snippet(left.right.span)
        last = source.snippet(comparison.right.span)
        pair = f"{source.snippet(left.span)} and {middle} {operator} {last}"
        if len(pair) <= LONGEST_QUOTATION and "\n" not in pair:
            help_text = f"write `{pair}`"
    return Diagnostic(
        "G0114",
        "comparisons do not chain",
        (Label(comparison.op_span, "this compares the result of a comparison"),),
        help=help_text,
        source=source,
    )


def misplaced_not(source: Source, word: Token) -> Diagnostic:
    """A `not` behind an operator that binds tighter, as in `a + not b`."""
    return Diagnostic(
        "G0115",
        "`not` cannot follow this operator without brackets",
        (Label(Span(*token_span(word)), "binds looser than the operator before it"),),
        help="put brackets around the `not` and what it negates: `(not x)`",
        source=source,
    )
