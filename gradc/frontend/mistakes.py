"""The diagnostics of mistakes that leave the grammar's shape intact.

The builder finds these while it makes nodes.  What the automaton cannot read at all is explained
in `unexpected`, and characters in `characters`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.diagnostics import Diagnostic, Label, Source, Span
from gradc.frontend.lexer import Token, token_span, token_text
from gradc.frontend.syntax import Binary, Expr, IndexItem, Name, Slice

#: Help that quotes the source is left general when the quotation would be longer than this.
LONGEST_QUOTATION = 60

#: Functions that take their indices in brackets, as in `sum[j](...)`.
REDUCTIONS = frozenset(
    ("sum", "mean", "prod", "max", "min", "logsumexp", "argmax", "argmin", "any", "all")
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


def given_twice(source: Source, what: str, name: str, again: Span, first: Span) -> Diagnostic:
    """Two parameters, indices, carried names or arguments of one name."""
    return Diagnostic(
        "G0124",
        f"the {what} `{name}` is given twice",
        (Label(again, "again"), Label(first, "first here")),
        help="delete one of the two, or rename it",
        source=source,
    )


def late_argument(source: Source, argument: Span, keyword: Span) -> Diagnostic:
    """`grad(J, mode=forward, w)`."""
    return Diagnostic(
        "G0101",
        "an argument without a name stands behind one with a name",
        (Label(argument, "unexpected"), Label(keyword, "this one has a name")),
        help="put the arguments with names last",
        source=source,
    )


def not_an_index(source: Source, span: Span) -> Diagnostic:
    """`z[i+1] = ...`, `sum[j+1 in N](...)`."""
    return Diagnostic(
        "G0121",
        "an index that is bound here must be a name",
        (Label(span, "not a name"),),
        help="bind `i`, as in `z[i] = ...` or `sum[i](...)`; offsets belong where it is used, "
        "as in `x[i+1]`",
        source=source,
    )


def loose_index(source: Source, span: Span) -> Diagnostic:
    """`x[j in 0:n]` that no `(` follows."""
    return Diagnostic(
        "G0121",
        "an index gets its range where it is bound",
        (Label(span, "nothing is bound here"),),
        help="bind it as in `sum[j in 0:n](x[j])` or `z[j in 0:n] = x[j]`; for a part of an "
        "array, write `x[0:n]`",
        source=source,
    )


def not_a_reduction(
    source: Source, function: Expr, items: Sequence[Expr | Slice | IndexItem], bracket: Span
) -> Diagnostic:
    """`x[1](a)`, `A[i][j](a)`: the author meant a product, or gave `sum` a number."""
    if isinstance(function, Name) and function.name in REDUCTIONS:
        wrong = next(item for item in items if not isinstance(item, Name | IndexItem))
        return Diagnostic(
            "G0121",
            f"the index of `{function.name}` must be a name",
            (Label(wrong.span, "not a name"),),
            help=f"write `{function.name}[j](x[j])`, or give a range: "
            f"`{function.name}[j in 0:n](x[j])`",
            source=source,
        )
    return Diagnostic(
        "G0108",
        "expected an operator before `(`",
        (Label(bracket, "something is missing before this"),),
        help="for a product, write `a*b`; only a name can be called",
        source=source,
    )
