"""The place where the automaton got stuck, as its explanations look at it.

Invariant: a scene concerns one statement.  Its cost is linear in that statement and in what must
be skipped behind it, so explaining every mistake of a file stays linear in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from re import Match
from typing import NamedTuple

from gradc.diagnostics import Diagnostic, Label, Source, Span
from gradc.frontend.lexer import Lexer, Token, token_span, token_text
from gradc.frontend.lr import Stuck, accepted

DECLARATIONS = ("DIM", "INPUT", "PARAM", "CONST", "OUTPUT")
HEADINGS = ("DEF", "LOOP", "CARRY", "WHILE", "CHECKPOINT", "WITH", "RETURN")
STATEMENT_ENDS = ("_NEWLINE", "SEMICOLON", "$END")
OPERAND_STARTS = ("NAME", "NUMBER", "LPAR", "LSQB")
OPERAND_ENDS = ("NAME", "NUMBER", "RPAR", "RSQB", "TRANSPOSE")
CLOSES = {")": "(", "]": "[", "}": "{"}

#: How many tokens behind a mistake are read in order to explain it.
LOOK_AHEAD = 200

#: What can only be the beginning of a statement, even where a bracket is still open.
STATEMENT = re.compile(
    r"(?:dim|input|param|const|output)\b|[^\W\d][\w\x80-\U0010ffff]*[ \t]*=(?!=)"
)


class Scene(NamedTuple):
    """The tokens of the statement so far, the token that does not fit, and what would have.

    Terminals are given by their names in the grammar.
    """

    source: Source
    lexer: Lexer
    before: list[tuple[str, Token]]
    kind: str
    found: Token
    accepts: frozenset[str]

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

    def line_has_definition(self) -> bool:
        """Whether a `=` follows in this statement."""
        return any(kind == "EQUAL" for kind, _ in self._following())

    def left_side(self) -> Span:
        """What stands before the `=` that follows in this statement."""
        start = self.before[0][1].start() if self.before else self.found.start()
        end = start
        for kind, token in self._following():
            if kind == "EQUAL":
                break
            end = token_span(token)[1]
        return Span(start, end)

    def statement(self) -> str:
        """The text of this statement, for a message."""
        start = self.before[0][1].start() if self.before else self.found.start()
        end = self.previous_end
        for _, token in self._following():
            end = token_span(token)[1]
        return shortened(self.source.text[start:end])

    def after_bracket(self) -> str:
        """The kind of the token behind the bracket that the found token opens."""
        depth = 0
        for kind, _ in self._following():
            if depth == 0 and kind not in ("LPAR", "LSQB"):
                return kind
            depth += (kind in ("LPAR", "LSQB")) - (kind in ("RPAR", "RSQB"))
        return ""

    def _following(self) -> Iterator[tuple[str, Token]]:
        """The tokens from the found one to the end of the statement, if it is not far."""
        names = self.lexer.tables.raw.terminals
        for column, token in islice(self.lexer.tokens(self.found.start()), LOOK_AHEAD):
            if names[column] in STATEMENT_ENDS:
                break
            yield names[column], token

    def resume(self) -> int:
        """Where to go on reading: the end of the statement, or the start of the next."""
        start = self.new_statement()
        if start is not None:
            return start
        column = self.lexer.tables.column
        text = self.source.text
        stack = [token_text(token) for token in self.open_brackets()]
        word = ""
        for token in self.lexer.tables.scanner.finditer(text, self.found.start()):
            previous, word = word, token_text(token)
            if word in ("(", "[", "{"):
                stack.append(word)
            elif word in CLOSES:
                if stack:
                    stack.pop()
            elif token.lastindex == column["SEMICOLON"]:
                if "{" not in stack:
                    return token.start()
            elif token.lastindex == column["_NEWLINE"]:
                is_new = STATEMENT.match(text, token.end()) is not None
                # After a backslash or an operator the next line was meant to continue this one.
                unfinished = previous == "\\" or (previous == "" and self.wants_operand)
                if not stack and (is_new or not unfinished):
                    return token.start()
                if is_new and "{" not in stack:
                    return token.end()
        return len(text)


def scene_of(stuck: Stuck, source: Source, lexer: Lexer) -> Scene:
    """Look closely at a stuck automaton."""
    raw = lexer.tables.raw
    values = stuck.values
    has_statements = bool(values) and isinstance(values[0], list)
    start = stuck.token.start()
    for first in values[has_statements : has_statements + 1]:
        start = first.start() if isinstance(first, Match) else first.span.start
    columns: list[int] = []
    before: list[tuple[str, Token]] = []
    for column, token in lexer.tokens(start):
        if token.start() >= stuck.token.start():
            break
        columns.append(column)
        before.append((raw.terminals[column], token))
        if raw.terminals[column] in STATEMENT_ENDS:  # what came before was complete
            columns.clear()
            before.clear()
    accepts = frozenset(raw.terminals[column] for column in accepted(raw, columns))
    return Scene(source, lexer, before, raw.terminals[stuck.kind], stuck.token, accepts)


def shortened(text: str, limit: int = 40) -> str:
    """A text for a message, cut where it is longer than anyone wants to read."""
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
