"""Text to syntax tree: `parse`."""

from __future__ import annotations

from gradc.diagnostics import Diagnostic, Source, SourceError
from gradc.frontend.builder import Builder
from gradc.frontend.lexer import Lexer
from gradc.frontend.lr import Stuck, drive, methods
from gradc.frontend.syntax import Program
from gradc.frontend.tables import load


def parse(source: Source) -> Program:
    tables = load()
    lexer = Lexer(source.text, tables)
    diagnostics: list[Diagnostic] = []
    builder = Builder(source, lexer, diagnostics.append)
    outcome = drive(tables.raw, methods(tables.raw, builder), lexer.tokens(0))
    if isinstance(outcome, Stuck):
        raise SourceError([Diagnostic("G0101",f"{outcome.kind} {outcome.token}")])
    return outcome
