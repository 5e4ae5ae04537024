"""The diagnostics of mistakes in functions and loops that leave the grammar's shape intact.

See `mistakes`, which has those of expressions.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.diagnostics import Diagnostic, Label, Source, Span
from gradc.frontend.syntax import Definition, Name, Parameter, Statement


def return_outside(source: Source, span: Span) -> Diagnostic:
    """`return J` at the end of a program."""
    return Diagnostic(
        "G0123",
        "`return` outside of a function",
        (Label(_word(source, span), "only a function returns"),),
        help="the result of a program is its last definition, or what `output` names",
        source=source,
    )


def return_in_loop(source: Source, span: Span) -> Diagnostic:
    """`return h` inside a loop."""
    return Diagnostic(
        "G0123",
        "`return` in a loop",
        (Label(_word(source, span), "a loop has no value of its own"),),
        help="carried names keep their last value behind the loop; "
        "`while` in its heading ends it early",
        source=source,
    )


def no_return(
    source: Source, function: Name, statements: Sequence[Statement], block: Span
) -> Diagnostic:
    """`def f(x) { y = 2*x }`."""
    last = statements[-1] if statements else None
    value = last.target.name if isinstance(last, Definition) else "value"
    return Diagnostic(
        "G0123",
        f"the function `{function.name}` returns nothing",
        (
            Label(Span(block.end - 1, block.end), "expected `return`"),
            Label(function.span, "this function"),
        ),
        help=f"end it with `return {value}`",
        source=source,
    )


def behind_return(source: Source, statement: Span, result: Span) -> Diagnostic:
    """`return y` and then another statement, which may be a second `return`."""
    return Diagnostic(
        "G0123",
        "a statement behind `return`",
        (Label(statement, "never reached"), Label(_word(source, result), "the function ends here")),
        help="a function has one `return`, at its end; to choose, write `return x if c else y`",
        source=source,
    )


def misplaced_statement(source: Source, statement: Span, owner: str) -> Diagnostic:
    """`input x` or `def f(x) = x` inside a function or a loop."""
    word = source.snippet(_word(source, statement))
    return Diagnostic(
        "G0122",
        f"`{word}` inside a {owner}",
        (Label(_word(source, statement), "not allowed here"),),
        help=f"move it out, before the {owner}",
        source=source,
    )


def loose_block(source: Source, block: Span) -> Diagnostic:
    """`{ a = b }` without a heading."""
    return Diagnostic(
        "G0122",
        "a block without a heading",
        (Label(Span(block.start, block.start + 1), "what is this a block of?"),),
        help="a block belongs to `def` or `loop`; group with ( ), and write arrays with [ ]",
        source=source,
    )


def empty_loop(source: Source, block: Span) -> Diagnostic:
    """`loop t in T { }`."""
    return Diagnostic(
        "G0120",
        "the body of the loop is empty",
        (Label(block, "no statement"),),
        help="write what is computed in each round, such as `y[t] = x[t]`",
        source=source,
    )


def not_a_partial(source: Source, target: Name, parameters: Sequence[Parameter]) -> Diagnostic:
    """`def f(t) = exp(t) with dx = exp(t)`."""
    names = ", ".join(f"`d{parameter.name.name} = ...`" for parameter in parameters)
    return Diagnostic(
        "G0119",
        f"`{target.name}` is not the derivative of a parameter",
        (Label(target.span, "`d` and the name of a parameter should stand here"),),
        help=f"write one formula for each parameter: {names}" if names else None,
        source=source,
    )


def clause_twice(source: Source, again: Span, first: Span) -> Diagnostic:
    """`while a while b`."""
    word = source.snippet(again)
    return Diagnostic(
        "G0124",
        f"`{word}` is given twice",
        (Label(again, "again"), Label(first, "first here")),
        help="carry several names with commas: `carry h = h0, s = s0`"
        if word == "carry"
        else "delete one of the two",
        source=source,
    )


def late_carry(source: Source, carry: Span) -> Diagnostic:
    """`loop t in T while c carry h = h0`."""
    return Diagnostic(
        "G0120",
        "`carry` comes first",
        (Label(carry, "too late"),),
        help="write `loop t in T carry h = h0 while c checkpoint k { ... }`",
        source=source,
    )


def _word(source: Source, statement: Span) -> Span:
    """The word that a statement begins with."""
    start = statement.start
    end = start
    while end < statement.end and source.text[end].isalpha():
        end += 1
    return Span(start, end)
