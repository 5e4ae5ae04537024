"""The syntax tree, node by node: each method is named after the grammar symbol it serves.

Invariant: a node's span covers the text that the author would call by its name; for an
expression in brackets it includes the brackets.  A mistake that leaves the grammar's shape intact
(a number too large, a chain of comparisons) is reported here and building goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from re import Match

from gradc.diagnostics import Diagnostic, Source, Span
from gradc.frontend import mistakes
from gradc.frontend.lexer import Lexer, Token, token_span, token_text
from gradc.frontend.precedence import binary, climb
from gradc.frontend.syntax import (
    Array,
    Binary,
    Call,
    Conditional,
    ConstDecl,
    Definition,
    DimDecl,
    DimItem,
    Expr,
    InputDecl,
    Name,
    Number,
    OutputDecl,
    Program,
    Quantity,
    Slice,
    Statement,
    Subscript,
    Transpose,
)

#: A literal longer than this is an accident, and slow to turn into a number.
LONGEST_NUMBER = 400


#: `Span` of a pair, without the cost of unpacking it: names are the most frequent node.
new_span: Callable[[tuple[int, int]], Span] = partial(tuple.__new__, Span)


class Builder:
    """Makes the nodes of one program and collects what is wrong with them."""

    def __init__(self, source: Source, lexer: Lexer, report: Callable[[Diagnostic], None]) -> None:
        self.source = source
        self.spelling = lexer.spelling
        self.report = report

    # ---- Statements ----

    def program(self, *parts: list[Statement] | Statement) -> Program:
        statements: list[Statement] = []
        for part in parts:
            statements += part if isinstance(part, list) else [part]
        return Program(self.source, tuple(statements))

    def definition(self, target: Token, value: Expr) -> Definition:
        return Definition(self.name(target), value, Span(target.start(), value.span[1]))

    def dim_decl(self, word: Token, first: DimItem, rest: Sequence[DimItem] = ()) -> DimDecl:
        items = (first, *rest)
        return DimDecl(items, Span(word.start(), items[-1].span.end))

    def dim_item(self, name: Token, value: Expr | None) -> DimItem:
        node = self.name(name)
        return DimItem(node, value, Span(node.span.start, (value or node).span.end))

    def input_decl(self, word: Token, first: Quantity, rest: Sequence[Quantity] = ()) -> InputDecl:
        items = (first, *rest)
        return InputDecl(token_text(word), items, Span(word.start(), items[-1].span.end))

    def quantity(
        self,
        name: Token,
        opening: Token | None,
        shape: tuple[Expr, ...] | None,
        closing: Token | None,
        below: Expr | None,
    ) -> Quantity:
        node = self.name(name)
        end = token_span(closing)[1] if closing else node.span.end
        span = Span(node.span.start, below.span.end if below else end)
        return Quantity(node, shape or (), below, span)

    def sizes(self, first: Expr, rest: Sequence[Expr] = ()) -> tuple[Expr, ...]:
        return (first, *rest)

    def const_decl(
        self, word: Token, first: Definition, rest: Sequence[Definition] = ()
    ) -> ConstDecl:
        items = (first, *rest)
        return ConstDecl(items, Span(word.start(), items[-1].span.end))

    def output_decl(self, word: Token, first: Token, rest: Sequence[Token] = ()) -> OutputDecl:
        items = tuple(self.name(name) for name in (first, *rest))
        return OutputDecl(items, Span(word.start(), items[-1].span.end))

    def later(self, word: Token) -> Token:
        self.report(mistakes.not_in_this_version(self.source, word))
        return word  # stands for the statement; no program comes of this text

    # ---- Expressions ----

    def conditional(self, then: Expr, condition: Expr, otherwise: Expr) -> Conditional:
        return Conditional(then, condition, otherwise, Span(then.span.start, otherwise.span.end))

    def operation(self, run: Sequence[Expr | Token], last: Expr) -> Expr:
        if len(run) == 2:  # most often `x op y`, which needs no climbing
            left, operator = run
            if isinstance(operator, Match) and not isinstance(left, Match):
                return binary(left, operator, last)
        return climb(run, last, self._chained, self._misplaced_not)

    def _chained(self, left: Expr, comparison: Binary) -> None:
        self.report(mistakes.chained_comparison(self.source, left, comparison))

    def _misplaced_not(self, word: Token) -> None:
        self.report(mistakes.misplaced_not(self.source, word))

    def name(self, word: Token) -> Name:
        kind = word.lastindex or 0
        text = word[kind]
        if self.spelling:
            text = self.spelling.get(text, text)
        return Name(text, new_span(word.span(kind)))

    def number(self, literal: Token) -> Number:
        text = token_text(literal)
        if len(text) > LONGEST_NUMBER:
            self.report(mistakes.number_too_long(self.source, literal, LONGEST_NUMBER))
        elif float(text) == float("inf"):
            self.report(mistakes.number_too_large(self.source, literal))
        return Number(text, Span(*token_span(literal)))

    def parenthesised(self, opening: Token, inner: Expr, closing: Token) -> Expr:
        return inner._replace(span=Span(opening.start(), token_span(closing)[1]))

    def call(
        self, function: Token, opening: Token, arguments: tuple[Expr, ...] | None, closing: Token
    ) -> Call:
        span = Span(function.start(), token_span(closing)[1])
        return Call(self.name(function), arguments or (), span)

    def subscript(
        self, value: Expr, opening: Token, items: tuple[Expr | Slice, ...], closing: Token
    ) -> Subscript:
        return Subscript(value, items, Span(value.span.start, token_span(closing)[1]))

    def items(
        self, first: Expr | Slice, rest: Sequence[Expr | Slice] = ()
    ) -> tuple[Expr | Slice, ...]:
        return (first, *rest)

    def transpose(self, value: Expr, mark: Token) -> Transpose:
        return Transpose(value, Span(value.span.start, token_span(mark)[1]))

    def array(self, opening: Token, items: tuple[Expr, ...], closing: Token) -> Array:
        return Array(items, Span(opening.start(), token_span(closing)[1]))

    def arguments(self, first: Expr, rest: Sequence[Expr] = ()) -> tuple[Expr, ...]:
        return (first, *rest)

    def slice(self, start: Expr | None, colon: Token, stop: Expr | None) -> Slice:
        begin, end = token_span(colon)
        return Slice(
            start, stop, Span(start.span.start if start else begin, stop.span.end if stop else end)
        )
