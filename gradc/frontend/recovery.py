"""Where reading goes on after a mistake: at the next statement, or in the block of this one.

Invariant: reading gets ahead, since what it goes on with fits what was read before the statement.
A statement whose heading is wrong is skipped up to its block, which is then read as a block of
its own, so mistakes in there are found too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from gradc.frontend.lexer import Lexer, Token, token_text
from gradc.frontend.scene import CLAUSES, STATEMENT, Scene

CLOSES = {")": "(", "]": "[", "}": "{"}

#: Words that stand before a block, here and in other languages.
BLOCK_WORDS = frozenset(
    (
        *("def", "loop", "carry", "while", "checkpoint", "with", "for", "foreach", "repeat"),
        *("do", "if", "elif", "else", "function", "func", "fn", "fun", "define", "proc"),
    )
)

_BRACE = re.compile(r"[{}]|#[^\r\n]*")
_NEWLINE = re.compile(r"[\r\n]")

#: The beginning of a line that is not empty, and what ends the line before it.
_LINE = re.compile(r"[\r\n]+([ \t]*)[^ \t\r\n#]")


class Start(NamedTuple):
    """A place to go on from; if `opens_block`, at a brace, which is missing if `lacks_brace`."""

    place: int
    opens_block: bool = False
    lacks_brace: bool = False

    def tokens(self, lexer: Lexer) -> Iterator[tuple[int, Token]]:
        """The tokens from there on; a missing brace is put in, and has no width."""
        tokens = lexer.tokens(self.place)
        if not self.lacks_brace:
            return tokens
        brace = next(lexer.tables.nothing.finditer(lexer.text, self.place))
        return chain([(lexer.tables.column["LBRACE"], brace)], tokens)


def resume(scene: Scene) -> Start | None:
    """Where to go on reading; None where the text ends in a block."""
    if scene.kind == "$END" and scene.blocks and "RBRACE" in scene.accepts:
        return None
    start = scene.new_statement()
    if start is not None:
        return Start(start)
    column = scene.lexer.tables.column
    text = scene.source.text
    stack = [token_text(token) for token in scene.open_brackets()]
    is_definition = any(kind == "EQUAL" for kind, _ in scene.before)
    is_heading = begins_block(scene)
    end = scene.previous_end
    word = ""
    for token in scene.lexer.tables.scanner.finditer(text, scene.found.start()):
        previous, word = word, token_text(token)
        is_definition = is_definition or word == "="
        if word == "{" and (is_heading or not (stack or is_definition) or _ends(scene, end, token)):
            return Start(token.start(), opens_block=True)
        if word in ("(", "[", "{"):
            stack.append(word)
        elif word == "}" and "{" not in stack and scene.blocks:
            if not is_heading or not _closes_too_much(scene, scene.found.start()):
                return Start(token.start())
        elif word in CLOSES:
            if stack:
                stack.pop()
        elif token.lastindex == column["SEMICOLON"]:
            if not stack or not (is_heading or "{" in stack):
                return Start(token.start())
        elif token.lastindex == column["_NEWLINE"]:
            new = STATEMENT.match(text, token.end())
            # In a call the next line may begin with the name of an argument.
            is_new = new is not None and not (previous in ("(", ",") and new[0][-1] == "=")
            # After a backslash or an operator the next line was meant to continue this one.
            unfinished = previous == "\\" or (previous == "" and scene.wants_operand)
            if not stack and is_heading and not (scene.first == "DEF" and is_definition):
                return _block_without_brace(scene, token.start())
            if not stack and (is_new or not unfinished):
                return Start(token.start())
            if is_new and "{" not in stack:
                return Start(token.end())
        end = token.end(token.lastindex or 0)
    return Start(len(text))


def begins_block(scene: Scene) -> bool:
    """Whether the statement looks like the heading of a block, of this language or another."""
    tokens = [token_text(token) for _, token in scene.before[:2]]
    tokens.append(token_text(scene.found))
    return scene.kind in CLAUSES or (tokens[0] in BLOCK_WORDS and tokens[1:2] != ["="])


def _ends(scene: Scene, end: int, brace: Token) -> bool:
    """Whether the statement ends before a brace: at a newline, or since it is complete."""
    is_complete = brace.start() == scene.found.start() and "_NEWLINE" in scene.accepts
    return is_complete or _NEWLINE.search(scene.source.text, end, brace.start()) is not None


def _block_without_brace(scene: Scene, place: int) -> Start:
    """Behind a heading that its line ends: its block is there, but its brace is not.

    If a later brace closes nothing else, the block ends there.  Otherwise it is what is indented
    more than its heading, and is skipped.
    """
    text = scene.source.text
    if _closes_too_much(scene, place):
        return Start(place, opens_block=True, lacks_brace=True)
    start = scene.before[0][1].start() if scene.before else scene.found.start()
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    margin = len(text[begin:start]) - len(text[begin:start].lstrip())
    for line in _LINE.finditer(text, place):
        if len(line[1]) <= margin:
            return Start(line.start())
    return Start(len(text))


def _closes_too_much(scene: Scene, place: int) -> bool:
    """Whether braces behind a place close more blocks than are open there."""
    depth = len(scene.blocks)
    for brace in _BRACE.finditer(scene.source.text, place):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth < 0:
            return True
    return False
