"""The nodes of functions and loops, and what their blocks may hold: see `builder`.

Invariant: a block is looked at by the function or the loop that owns it, and only its own
statements, so every statement is looked at once, however deep blocks are nested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from re import Match

from gradc.diagnostics import Diagnostic, Source, Span
from gradc.frontend import mistakes_blocks as mistakes
from gradc.frontend.builder_expressions import ExpressionBuilder
from gradc.frontend.lexer import Lexer, Token, token_span
from gradc.frontend.syntax import (
    ConstDecl,
    Definition,
    Expr,
    FunctionDef,
    IndexedDefinition,
    Loop,
    Name,
    Parameter,
    Range,
    Statement,
)

IN_LOOP = (Definition, IndexedDefinition, Loop)
IN_FUNCTION = (*IN_LOOP, ConstDecl)


@dataclass(frozen=True)
class Return:
    """`return value`, which becomes the result of its function."""

    value: Expr
    span: Span


@dataclass(frozen=True)
class Block:
    """`{ statements }`, which becomes part of its function or loop."""

    statements: tuple[Statement | Return | Block, ...]
    span: Span


@dataclass(frozen=True)
class Clause:
    """`carry h = h0`, `while c` or `checkpoint k` in the heading of a loop."""

    word: str
    carried: tuple[Definition, ...]
    value: Expr | None
    word_span: Span
    span: Span


#: What the grammar takes as a statement.
Part = Statement | Return | Block


class BlockBuilder(ExpressionBuilder):
    """Makes the nodes of functions and loops."""

    def __init__(self, source: Source, lexer: Lexer, report: Callable[[Diagnostic], None]) -> None:
        super().__init__(source, lexer, report)
        #: Where blocks start whose heading has a mistake that has been reported.
        self.headless: set[int] = set()
        #: Where blocks start that lack a statement since a mistake in it has been reported.
        self.incomplete: set[int] = set()

    def block(self, opening: Token, *parts: list[Part] | Part | Token) -> Block:
        *inner, closing = parts
        assert isinstance(closing, Match)
        return Block(tuple(joined(inner)), Span(opening.start(), token_span(closing)[1]))

    def loose_block(self, block: Block, partials: tuple[Definition, ...] | None) -> Block:
        if block.span.start not in self.headless:
            self.report(mistakes.loose_block(self.source, block.span))
        return block

    def result(self, word: Token, value: Expr) -> Return:
        return Return(value, Span(word.start(), value.span.end))

    # ---- Functions ----

    def function_def(
        self,
        word: Token,
        name: Token,
        opening: Token,
        parameters: tuple[Parameter, ...] | None,
        closing: Token,
        body: Expr | Block,
        partials: tuple[Definition, ...] | None,
    ) -> FunctionDef:
        node = self.name(name)
        self._once("parameter", (parameter.name for parameter in parameters or ()))
        if partials:
            self._partials(parameters or (), partials)
        end = partials[-1].span.end if partials else body.span.end
        statements, value = self._body(node, body) if isinstance(body, Block) else ((), body)
        span = Span(word.start(), end)
        return FunctionDef(node, parameters or (), statements, value, partials or (), span)

    def formula(self, value: Expr) -> Expr:
        return value

    def parameters(self, first: Parameter, rest: Sequence[Parameter] = ()) -> tuple[Parameter, ...]:
        return (first, *rest)

    def parameter(
        self,
        name: Token,
        opening: Token | None,
        shape: tuple[Expr, ...] | None,
        closing: Token | None,
    ) -> Parameter:
        node = self.name(name)
        end = token_span(closing)[1] if closing else node.span.end
        return Parameter(node, shape, Span(node.span.start, end))

    def partials(
        self, word: Token, first: Definition, rest: Sequence[Definition] = ()
    ) -> tuple[Definition, ...]:
        return (first, *rest)

    def _body(self, function: Name, block: Block) -> tuple[tuple[Statement, ...], Expr]:
        """The statements of a function's block, and the value that it returns."""
        statements: list[Statement] = []
        result: Return | None = None
        for part in block.statements:
            if result is not None:
                self.report(mistakes.behind_return(self.source, part.span, result.span))
                break
            if isinstance(part, Return):
                result = part
            elif isinstance(part, IN_FUNCTION):
                statements.append(part)
            elif not isinstance(part, Block):
                self.report(mistakes.misplaced_statement(self.source, part.span, "function"))
        if result is not None:
            return tuple(statements), result.value
        if block.span.start not in self.incomplete:
            self.report(mistakes.no_return(self.source, function, statements, block.span))
        return tuple(statements), function

    def _partials(
        self, parameters: tuple[Parameter, ...], partials: tuple[Definition, ...]
    ) -> None:
        """Whether each partial is named after a parameter, and after another one."""
        names = {f"d{parameter.name.name}" for parameter in parameters}
        for partial in partials:
            if partial.target.name not in names:
                self.report(mistakes.not_a_partial(self.source, partial.target, parameters))
        self._once("partial", (partial.target for partial in partials))

    # ---- Loops ----

    def loop(self, word: Token, counter: Token, bounds: Range, *rest: list[Clause] | Block) -> Loop:
        *lists, block = rest
        assert isinstance(block, Block)
        clauses = [clause for part in lists if isinstance(part, list) for clause in part]
        given: dict[str, Clause] = {}
        for clause in clauses:
            if clause.word in given:
                first = given[clause.word].word_span
                self.report(mistakes.clause_twice(self.source, clause.word_span, first))
            elif clause.word == "carry" and given:
                self.report(mistakes.late_carry(self.source, clause.word_span))
            given.setdefault(clause.word, clause)
        node = self.name(counter)
        carried = given["carry"].carried if "carry" in given else ()
        self._once("name", (node, *(definition.target for definition in carried)))
        return Loop(
            node,
            bounds,
            carried,
            given["while"].value if "while" in given else None,
            given["checkpoint"].value if "checkpoint" in given else None,
            self._loop_body(block),
            Span(word.start(), (clauses[-1] if clauses else bounds).span.end),
            Span(word.start(), block.span.end),
        )

    def carry(self, word: Token, first: Definition, rest: Sequence[Definition] = ()) -> Clause:
        carried = (first, *rest)
        return self._clause(word, carried, None, carried[-1].span.end)

    def clause(self, word: Token, value: Expr) -> Clause:
        return self._clause(word, (), value, value.span.end)

    def _clause(
        self, word: Token, carried: tuple[Definition, ...], value: Expr | None, end: int
    ) -> Clause:
        name, span = self.name(word)
        return Clause(name, carried, value, span, Span(span.start, end))

    def _loop_body(self, block: Block) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        for part in block.statements:
            if isinstance(part, IN_LOOP):
                statements.append(part)
            elif isinstance(part, Return):
                self.report(mistakes.return_in_loop(self.source, part.span))
            elif not isinstance(part, Block):
                self.report(mistakes.misplaced_statement(self.source, part.span, "loop"))
        if not block.statements and block.span.start not in self.incomplete:
            self.report(mistakes.empty_loop(self.source, block.span))
        return tuple(statements)


def joined(parts: Iterable[list[Part] | Part | Token]) -> list[Part]:
    """The statements of a program or of a block: all that an end followed, and perhaps one more."""
    statements: list[Part] = []
    for part in parts:
        if isinstance(part, list):
            statements += part
        elif not isinstance(part, Match):
            statements.append(part)
    return statements
