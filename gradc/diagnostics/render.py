"""Diagnostics as people and editors read them: `render_text`, `render_json`.

Invariant: the text has no character that a terminal would obey, but for the colours asked for;
what comes from files, names and messages is escaped.  Whether there is colour, and how wide the
terminal is, the caller knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from gradc.diagnostics.display import visible
from gradc.diagnostics.model import Diagnostic, Label, Source, Span
from gradc.diagnostics.snippet import Mark, draw

#: Columns of a terminal whose width nobody knows.
USUAL_WIDTH = 120
#: A line of source gets at least this many columns, however narrow the terminal.
LEAST_ROOM = 40

BOLD, BLUE, RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"
SEVERITY_COLOR = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}


def render_text(diagnostics: Iterable[Diagnostic], color: bool, width: int | None = None) -> str:
    """The diagnostics as text, one blank line between two, without a final newline."""
    return "\n\n".join("\n".join(_lines(d, color, width or USUAL_WIDTH)) for d in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as a JSON list, for editors; lines and columns count from 1.

    A diagnostic that concerns no place has null for its line and column.  A column counts
    characters (code points), and the end is behind the last one.
    """
    import json  # only editors ask for it

    return json.dumps([_as_object(d) for d in diagnostics], indent=2, allow_nan=False)


def _as_object(diagnostic: Diagnostic) -> dict[str, Any]:
    source, labels = diagnostic.source, diagnostic.labels
    place = dict.fromkeys(("line", "column", "end_line", "end_column"))
    return {
        "code": diagnostic.code or None,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": source.name if source else None,
        **(_place(source, labels[0].span) if source and labels else place),
        "labels": [{"message": m, **_place(source, s)} for s, m in labels] if source else [],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }


def _place(source: Source, span: Span) -> dict[str, int]:
    line, column = source.line_column(span.start)
    end_line, end_column = source.line_column(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _lines(diagnostic: Diagnostic, color: bool, width: int) -> Iterator[str]:
    accent = SEVERITY_COLOR[diagnostic.severity]

    def paint(style: str, text: str) -> str:
        return f"{style}{text}{RESET}" if color and text.strip() else text

    def paint_part(text: str, is_primary: bool | None) -> str:
        return text if is_primary is None else paint(accent if is_primary else BLUE, text)

    head = paint(accent, f"{diagnostic.severity}[{diagnostic.code}]")
    yield head + paint(BOLD, f": {visible(diagnostic.message)}")

    source = diagnostic.source
    marks: list[Mark] = []
    margin = ""
    if source is not None and diagnostic.labels:
        marks = sorted(_marks(source, diagnostic.labels), key=lambda mark: mark.line)
        margin = " " * len(str(marks[-1].line))
        line, column = source.line_column(diagnostic.labels[0].span.start)
        yield f"{margin} {paint(BLUE, '-->')} {visible(source.name)}:{line}:{column}"
        yield paint(BLUE, f"{margin}  |")
        room = max(LEAST_ROOM, width - len(margin) - 4)
        previous = marks[0].line
        for line, of_line in groupby(marks, key=lambda mark: mark.line):
            if line > previous + 1:
                yield paint(BLUE, f"{margin} ...")
            previous = line
            number = paint(BLUE, f" {line:>{len(margin)}} |")
            for drawn in draw(source, list(of_line), room):
                yield f"{number} {drawn.text}".rstrip()
                for row in drawn.remarks:
                    remark = "".join(paint_part(text, is_primary) for text, is_primary in row)
                    yield f"{paint(BLUE, f'{margin}  |')} {remark}"
    elif source is not None:
        yield f"{margin} {paint(BLUE, '-->')} {visible(source.name)}"

    remarks = [("note", note) for note in diagnostic.notes]
    if diagnostic.help is not None:
        remarks.append(("help", diagnostic.help))
    if remarks and marks:
        yield paint(BLUE, f"{margin}  |")
    for kind, text in remarks:
        first, *rest = text.split("\n")
        yield f"{margin}  {paint(BLUE, '=')} {paint(BOLD, kind)}: {visible(first)}"
        indent = " " * (len(margin) + len(kind) + 6)
        yield from (f"{indent}{visible(line)}".rstrip() for line in rest)


def _marks(source: Source, labels: Sequence[Label]) -> Iterator[Mark]:
    """What to mark for each label; the first label is the primary one.

    A span over several lines is marked on its first line and on its last, where its message
    stands.
    """
    for index, (span, message) in enumerate(labels):
        is_primary = index == 0
        end_of_text = len(source.text)
        start, end = min(span.start, end_of_text), min(span.end, end_of_text)
        first = source.line_column(start)[0]
        last = source.line_column(max(start, end - 1))[0]
        if first == last:
            yield Mark(first, start, end, message, is_primary)
            continue
        yield Mark(first, start, source.line_span(first).end, "", is_primary)
        line = source.line_span(last)
        text = source.text[line.start : line.end]
        indent = len(text) - len(text.lstrip())
        yield Mark(last, line.start + indent, end, message, is_primary)
