"""The syntax tree, node by node: each method is named after the grammar symbol it serves.

Invariant: a node's span covers the text that the author would call by its name; for an
expression in brackets it includes the brackets.  A mistake that leaves the grammar's shape intact
(a number too large, a chain of comparisons) is reported here and building goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.diagnostics import Span
from gradc.frontend import mistakes_blocks as mistakes
from gradc.frontend.builder_blocks import Block, BlockBuilder, Part, Return, joined
from gradc.frontend.builder_expressions import Item
from gradc.frontend.lexer import Token, token_span, token_text
from gradc.frontend.syntax import (
    ConstDecl,
    Definition,
    DimDecl,
    DimItem,
    Expr,
    IndexedDefinition,
    InputDecl,
    OutputDecl,
    Program,
    Quantity,
    Statement,
)


class Builder(BlockBuilder):
    """Makes the nodes of one program and collects what is wrong with them."""

    def program(self, *parts: list[Part] | Part) -> Program:
        statements: list[Statement] = []
        for part in joined(parts):
            if type(part) is Return:
                self.report(mistakes.return_outside(self.source, part.span))
            elif type(part) is not Block:
                statements.append(part)  # type: ignore[arg-type]
        return Program(self.source, tuple(statements))

    def definition(self, target: Token, value: Expr) -> Definition:
        return Definition(self.name(target), value, Span(target.start(), value.span[1]))

    def indexed_definition(
        self, target: Token, opening: Token, items: tuple[Item, ...], closing: Token, value: Expr
    ) -> IndexedDefinition:
        span = Span(target.start(), value.span.end)
        return IndexedDefinition(self.name(target), self.indices(items), value, span)

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
