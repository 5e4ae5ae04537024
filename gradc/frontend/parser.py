"""Text to syntax tree: `parse`.

Invariant: whatever the text, the result is a `Program` or a `SourceError` with every mistake
found, in time linear in the text.  After a mistake, reading goes on at the next statement.
Names, shapes and meaning are none of its business.
"""

from __future__ import annotations

from dataclasses import replace

from gradc.diagnostics import Diagnostic, Label, Source, SourceError, Span
from gradc.frontend.builder import Builder
from gradc.frontend.lexer import FORBIDDEN, Lexer
from gradc.frontend.lr import Stuck, drive, methods
from gradc.frontend.syntax import Program
from gradc.frontend.tables import load

#: More mistakes than this in one file help nobody.
MOST_MISTAKES = 20


class _Enough(Exception):  # noqa: N818  (not an error: it ends the reading)
    """As many mistakes as are reported have been found."""


class _Mistakes:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(self, diagnostic: Diagnostic) -> None:
        if len(self.found) == MOST_MISTAKES:
            raise _Enough
        self.found.append(diagnostic)

    def in_order(self) -> list[Diagnostic]:
        return sorted(self.found, key=lambda d: d.labels[0].span)


def parse(source: Source) -> Program:
    """The syntax tree of a program.

    Raises `SourceError` with all mistakes found, in the order of their places, and at most
    `MOST_MISTAKES` of them; a note on the last one says when there may be more.
    """
    mistakes = _Mistakes()
    try:
        program = _read(source, mistakes)
    except _Enough:
        *rest, last = mistakes.in_order()
        note = f"only the first {MOST_MISTAKES} mistakes are reported"
        last = replace(last, notes=(*last.notes, note))
        raise SourceError([*rest, last]) from None
    if mistakes.found:
        raise SourceError(mistakes.in_order())
    if not program.statements:
        raise SourceError([_no_equations(source)])
    return program


def _read(source: Source, mistakes: _Mistakes) -> Program:
    """The program, or what is left of it without the statements that have mistakes."""
    if FORBIDDEN.search(source.text):
        from gradc.frontend.characters import forbidden_characters  # seldom needed

        for diagnostic in forbidden_characters(source):
            mistakes.add(diagnostic)
    tables = load()
    lexer = Lexer(source.text, tables)
    builder = Builder(source, lexer, mistakes.add)
    makers = methods(tables.raw, builder)
    outcome = drive(tables.raw, makers, lexer.tokens(1 if source.text.startswith("\ufeff") else 0))
    while isinstance(outcome, Stuck):
        from gradc.frontend.recovery import resume  # a correct program needs no explanation
        from gradc.frontend.scene import scene_of
        from gradc.frontend.unexpected import explain

        scene = scene_of(outcome, source, lexer)
        explained = explain(scene)
        if explained is not None:
            mistakes.add(explained)
        start = resume(scene)
        if start is None:
            return Program(source, ())
        builder.incomplete.update(brace.start() for brace in scene.blocks)
        if start.opens_block:
            builder.headless.add(start.place)
        outcome = drive(tables.raw, makers, start.tokens(lexer), scene.outside)
    program: Program = outcome
    return program


def _no_equations(source: Source) -> Diagnostic:
    end = len(source.text)
    return Diagnostic(
        "G0118",
        "no equations",
        (Label(Span(end, end), "the program ends without a statement"),),
        help="write an equation such as `J = (a - b)^2`",
        source=source,
    )
