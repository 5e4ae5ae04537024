"""The nodes of expressions: see `builder`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    Expr,
    IndexItem,
    Keyword,
    Name,
    Number,
    Range,
    Reduction,
    Slice,
    Subscript,
    Transpose,
)

#: A literal longer than this is an accident, and slow to turn into a number.
LONGEST_NUMBER = 400

#: What may stand between brackets; only some of it as an index, and some in a subscript.
Item = Expr | Slice | IndexItem

#: `Span` of a pair, without the cost of unpacking it: names are the most frequent node.
new_span: Callable[[tuple[int, int]], Span] = partial(tuple.__new__, Span)


class ExpressionBuilder:
    """Makes the nodes of expressions and collects what is wrong with them."""

    def __init__(self, source: Source, lexer: Lexer, report: Callable[[Diagnostic], None]) -> None:
        self.source = source
        self.spelling = lexer.spelling
        self.report = report

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
        self,
        function: Token,
        opening: Token,
        values: tuple[Expr | Keyword, ...] | None,
        closing: Token,
    ) -> Call:
        name = self.name(function)
        span = Span(function.start(), token_span(closing)[1])
        keywords = tuple(value for value in values or () if type(value) is Keyword)
        if not keywords:
            return Call(name, values or (), span)  # type: ignore[arg-type]
        arguments: tuple[Expr, ...] = tuple(
            value for value in values or () if not isinstance(value, Keyword)
        )
        self._once("argument", (keyword.name for keyword in keywords))
        last = max(argument.span for argument in arguments) if arguments else None
        if last is not None and last > keywords[0].span:
            self.report(mistakes.late_argument(self.source, last, keywords[0].span))
        return Call(name, arguments, span, keywords)

    def values(
        self, first: Expr | Keyword, rest: Sequence[Expr | Keyword] = ()
    ) -> tuple[Expr | Keyword, ...]:
        return (first, *rest)

    def keyword(self, name: Token, value: Expr) -> Keyword:
        return Keyword(self.name(name), value, Span(name.start(), value.span.end))

    def subscript(
        self, value: Expr, opening: Token, items: tuple[Item, ...], closing: Token
    ) -> Subscript:
        span = Span(value.span.start, token_span(closing)[1])
        for item in items:
            if type(item) is IndexItem:
                self.report(mistakes.loose_index(self.source, item.span))
                items = ()
        return Subscript(value, items, span)  # type: ignore[arg-type]

    def reduction(
        self,
        function: Expr,
        opening: Token,
        items: tuple[Item, ...],
        closing: Token,
        left: Token,
        body: Expr,
        right: Token,
    ) -> Reduction:
        span = Span(function.span.start, token_span(right)[1])
        is_name = isinstance(function, Name)
        if not is_name or not all(isinstance(item, Name | IndexItem) for item in items):
            bracket = Span(*token_span(left))
            self.report(mistakes.not_a_reduction(self.source, function, items, bracket))
            items = ()
        name = function if isinstance(function, Name) else Name("", function.span)
        return Reduction(name, self.indices(items), body, span)

    def indices(self, items: tuple[Item, ...]) -> tuple[IndexItem, ...]:
        """The items in brackets as indices of a definition or a reduction."""
        indices = []
        for item in items:
            if isinstance(item, IndexItem):
                indices.append(item)
            elif isinstance(item, Name):
                indices.append(IndexItem(item, None, item.span))
            else:
                self.report(mistakes.not_an_index(self.source, item.span))
        self._once("index", (index.name for index in indices))
        return tuple(indices)

    def items(self, first: Item, rest: Sequence[Item] = ()) -> tuple[Item, ...]:
        return (first, *rest)

    def bounded_index(self, index: Expr, bounds: Range) -> IndexItem:
        if not isinstance(index, Name):
            self.report(mistakes.not_an_index(self.source, index.span))
            index = Name("", index.span)
        return IndexItem(index, bounds, Span(index.span.start, bounds.span.end))

    def count_range(self, stop: Expr) -> Range:
        return Range(None, stop, None, stop.span)

    def span_range(
        self, start: Expr, colon: Token, stop: Expr, second: Token | None, step: Expr | None
    ) -> Range:
        return Range(start, stop, step, Span(start.span.start, (step or stop).span.end))

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

    def _once(self, what: str, names: Iterable[Name]) -> None:
        """Report each name that stands a second time in a list."""
        first: dict[str, Span] = {}
        for name, span in names:
            if name and name in first:
                self.report(mistakes.given_twice(self.source, what, name, span, first[name]))
            first.setdefault(name, span)
