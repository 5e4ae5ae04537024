"""The place where the automaton got stuck, as its explanations look at it.

Invariant: a scene concerns one statement, be it in a block or outside.  Its cost is linear in
that statement, in what is open around it and in what must be skipped behind it, and a file has
few mistakes that are reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from re import Match
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, Label, Source, Span
from gradc.frontend.lexer import Lexer, Token, token_span, token_text
from gradc.frontend.lr import Stack, Stuck, accepted

DECLARATIONS = ("DIM", "INPUT", "PARAM", "CONST", "OUTPUT")
CLAUSES = ("CARRY", "WHILE", "CHECKPOINT", "WITH")
STATEMENT_WORDS = (*DECLARATIONS, "DEF", "LOOP", "RETURN")
STATEMENT_ENDS = ("_NEWLINE", "SEMICOLON", "$END", "RBRACE")
OPERAND_STARTS = ("NAME", "NUMBER", "LPAR", "LSQB")
OPERAND_ENDS = ("NAME", "NUMBER", "RPAR", "RSQB", "TRANSPOSE")
#: How many tokens behind a mistake are read in order to explain it.
LOOK_AHEAD = 200

#: What can only be the beginning of a statement, even where a bracket is still open.
STATEMENT = re.compile(
    r"(?:dim|input|param|const|output|def|loop|return)\b"
    r"|[^\W\d][\w\x80-\U0010ffff]*[ \t]*(?:\[[^][\r\n=]*\][ \t]*)?=(?!=)"
)


class Scene(NamedTuple):
    """The tokens of the statement so far, the token that does not fit, and what would have.

    Terminals are given by their names in the grammar.  `outside` is what had been read where the
    statement begins, and `blocks` are the braces that are open there, outermost first.
    """

    source: Source
    lexer: Lexer
    before: list[tuple[str, Token]]
    kind: str
    found: Token
    accepts: frozenset[str]
    outside: Stack
    blocks: list[Token]

    @property
    def first(self) -> str:
        """The kind of the statement's first token."""
        return self.before[0][0] if self.before else self.kind

    @property
    def previous(self) -> str:
        """The kind of the token before, or "" at the start of a statement."""
        return self.before[-1][0] if self.before else ""

    @property
    def previous_end(self) -> int:
        """Where the token before ends."""
        return token_span(self.before[-1][1])[1] if self.before else self.found.start()

    @property
    def found_span(self) -> Span:
        """The place of the token that does not fit; the end of the line has no width."""
        if self.kind in ("_NEWLINE", "$END"):
            return Span(self.previous_end, self.previous_end)
        return Span(*token_span(self.found))

    @property
    def wants_operand(self) -> bool:
        """Whether an expression should begin here."""
        return "NUMBER" in self.accepts

    @property
    def after_operand(self) -> bool:
        """Whether an expression could end here, or go on with an operator."""
        return "OPERATOR" in self.accepts

    def describe_found(self) -> str:
        """The token that does not fit, in the author's words."""
        text = token_text(self.found)
        if self.kind == "_NEWLINE":
            return "the end of the line"
        if self.kind == "$END":
            return "the end of the file"
        if text in self.lexer.tables.raw.keywords:
            return f"the keyword `{text}`"
        return f"`{shortened(text)}`"

    def diagnostic(self, code: str, message: str, remark: str, help_text: str | None) -> Diagnostic:
        """A diagnostic whose one label is the token that does not fit."""
        label = Label(self.found_span, remark)
        return Diagnostic(code, message, (label,), help=help_text, source=self.source)

    def open_brackets(self) -> list[Token]:
        """The brackets of the statement that are open, outermost first."""
        stack: list[Token] = []
        for kind, token in self.before:
            if kind in ("LPAR", "LSQB"):
                stack.append(token)
            elif kind in ("RPAR", "RSQB") and stack:
                stack.pop()
        return stack

    def begins_line(self, index: int) -> bool:
        """Whether a newline stands before a token of the statement; the found one comes last."""
        here = self.found.start() if index == len(self.before) else self.before[index][1].start()
        there = self.before[index - 1][1].start() if index else here
        gap = self.source.text[there:here]
        return "\n" in gap or "\r" in gap

    def new_statement(self) -> int | None:
        """Where a statement begins although a bracket is open: its author forgot to close it."""
        if not self.open_brackets():
            return None
        here = len(self.before)
        for index in (here, here - 1) if self.kind == "EQUAL" else (here,):
            start = self.found.start() if index == here else self.before[index][1].start()
            if self.begins_line(index) and STATEMENT.match(self.source.text, start):
                return start
        return None

    def index_of(self, token: Token) -> int:
        """Where a token stands in `before`."""
        return next(i for i, (_, other) in enumerate(self.before) if other is token)

    def line_has_definition(self) -> bool:
        """Whether a `=` follows in this statement, before a block of it."""
        for kind, _ in self.following():
            if kind in ("EQUAL", "LBRACE"):
                return kind == "EQUAL"
        return False

    def left_side(self) -> Span:
        """What stands before the `=` that follows in this statement."""
        start = self.before[0][1].start() if self.before else self.found.start()
        end = start
        for kind, token in self.following():
            if kind == "EQUAL":
                break
            end = token_span(token)[1]
        return Span(start, end)

    def statement(self) -> str:
        """The text of this statement, for a message."""
        start = self.before[0][1].start() if self.before else self.found.start()
        end = self.previous_end
        for _, token in self.following():
            end = token_span(token)[1]
        return shortened(self.source.text[start:end])

    def after_bracket(self) -> str:
        """The kind of the token behind the bracket that the found token opens."""
        depth = 0
        for kind, _ in self.following():
            if depth == 0 and kind not in ("LPAR", "LSQB"):
                return kind
            depth += (kind in ("LPAR", "LSQB")) - (kind in ("RPAR", "RSQB"))
        return ""

    def following(self) -> Iterator[tuple[str, Token]]:
        """The tokens from the found one to the end of the statement, if it is not far."""
        names = self.lexer.tables.raw.terminals
        for column, token in islice(self.lexer.tokens(self.found.start()), LOOK_AHEAD):
            if names[column] in STATEMENT_ENDS:
                break
            yield names[column], token


def scene_of(stuck: Stuck, source: Source, lexer: Lexer) -> Scene:
    """Look closely at a stuck automaton."""
    raw = lexer.tables.raw
    values = stuck.stack.values
    braces = [
        i
        for i, value in enumerate(values)
        if isinstance(value, Match) and value[0][:1] in ("{", "")
    ]
    if values and isinstance(values[-1], Match) and values[-1][0][:1] == "}":
        del braces[-1]  # the block has been read, and not been made yet
    base = braces[-1] + 1 if braces else 0
    if values[base:] and isinstance(values[base], list):  # the statements before this one
        base += 1
    start = stuck.token.start()
    for first in values[base : base + 1]:
        start = first.start() if isinstance(first, Match) else first.span.start
    outside = stuck.stack.first(base)
    before = _before(lexer, start, stuck.token.start())
    columns = (lexer.tables.column[kind] for kind, _ in before)
    accepts = frozenset(raw.terminals[column] for column in accepted(raw, outside, columns))
    blocks = [values[i] for i in braces]
    return Scene(
        source, lexer, before, raw.terminals[stuck.kind], stuck.token, accepts, outside, blocks
    )


def _before(lexer: Lexer, start: int, end: int) -> list[tuple[str, Token]]:
    """The tokens between two places that belong to the last statement there.

    Of its blocks only the braces count: what they hold has been dealt with.
    """
    names = lexer.tables.raw.terminals
    before: list[tuple[str, Token]] = []
    depth = 0
    for column, token in lexer.tokens(start):
        if token.start() >= end:
            break
        kind = names[column]
        depth -= kind == "RBRACE"
        if depth <= 0:
            before.append((kind, token))
        depth += kind == "LBRACE"
        if depth == 0 and kind in ("_NEWLINE", "SEMICOLON"):  # what came before was complete
            before.clear()
    return before


def shortened(text: str, limit: int = 40) -> str:
    """A text for a message, cut where it is longer than anyone wants to read."""
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
