"""Diagnostics as text and as JSON: the form, alignment, escapes, long lines, several labels."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradc.diagnostics import Diagnostic, Label, Source, Span, UsageError
from gradc.diagnostics.display import display_width
from gradc.diagnostics.render import render_json, render_text


def diagnostic(
    text: str, *places: tuple[str, str], name: str = "f.g", **more: object
) -> Diagnostic:
    """A diagnostic that labels the first occurrence of each snippet; "" is the end."""
    labels = []
    for snippet, message in places:
        start = text.index(snippet) if snippet else len(text)
        labels.append(Label(Span(start, start + len(snippet)), message))
    source = Source(name, text)
    return Diagnostic("G0101", "a message", tuple(labels), source=source, **more)  # type: ignore[arg-type]


def check(found: Diagnostic, expected: str) -> None:
    assert render_text([found], color=False) == dedent(expected).strip("\n")


def test_the_form_of_the_style_guide() -> None:
    text = "input w[N], x[M]\np = w * x\n"
    found = Diagnostic(
        "G0203",
        "`*` needs equal shapes, found [N] and [M]",
        (Label(Span(21, 26), "w has shape [N] (line 1), x has shape [M] (line 1)"),),
        help="for every pair, write p[i,j] = w[i] * x[j]; for a dot product, w @ x",
        source=Source("loss.g", text),
    )
    check(
        found,
        """
        error[G0203]: `*` needs equal shapes, found [N] and [M]
          --> loss.g:2:5
           |
         2 | p = w * x
           |     ^^^^^ w has shape [N] (line 1), x has shape [M] (line 1)
           |
           = help: for every pair, write p[i,j] = w[i] * x[j]; for a dot product, w @ x
        """,
    )


def test_labels_on_one_line() -> None:
    check(
        diagnostic("y = aa + bb * cc", ("bb", "second"), ("aa", "first"), ("cc", "third")),
        """
        error[G0101]: a message
          --> f.g:1:10
           |
         1 | y = aa + bb * cc
           |     --   ^^   -- third
           |     |    |
           |     |    second
           |     first
        """,
    )


def test_overlapping_labels() -> None:
    check(
        diagnostic("y = aa + bb", ("aa + bb", "whole"), ("bb", "right"), ("aa", "left")),
        """
        error[G0101]: a message
          --> f.g:1:5
           |
         1 | y = aa + bb
           |     ^^^^^^^ right
           |     |
           |     whole
           |     left
        """,
    )


def test_labels_on_several_lines() -> None:
    text = "\n".join(f"x{i} = {i}" for i in range(12))
    check(
        diagnostic(text, ("x10", "here"), ("x9", "next to it"), ("x1", "far"), notes=("one\ntwo",)),
        """
        error[G0101]: a message
           --> f.g:11:1
            |
          2 | x1 = 1
            | -- far
           ...
         10 | x9 = 9
            | -- next to it
         11 | x10 = 10
            | ^^^ here
            |
            = note: one
                    two
        """,
    )


def test_span_over_several_lines() -> None:
    check(
        diagnostic("y = f(a,\n\n  b)", ("f(a,\n\n  b)", "all of it")),
        """
        error[G0101]: a message
          --> f.g:1:5
           |
         1 | y = f(a,
           |     ^^^^
          ...
         3 |   b)
           |   ^^ all of it
        """,
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_end_of_file_and_line_ends(end: str) -> None:
    check(
        diagnostic(f"\ufeffx = 1{end}y ={end}", ("", "nothing here")),
        """
        error[G0101]: a message
          --> f.g:3:1
           |
         3 |
           | ^ nothing here
        """,
    )


def test_byte_order_mark_is_no_column() -> None:
    assert "f.g:1:1" in render_text([diagnostic("\ufeffx = 1", ("x", "here"))], color=False)


def test_no_place() -> None:
    found = Diagnostic("G0501", "no data", help="give some", severity="warning")
    assert render_text([found], color=False) == "warning[G0501]: no data\n  = help: give some"
    two = render_text([found, found], color=False)
    assert two.split("\n\n") == [render_text([found], color=False)] * 2
    assert render_text([], color=False) == ""


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        ("\t", "    "),
        ("\u91cf\u91cf", "\u91cf\u91cf"),
        ("e\u0301", "e\u0301"),
        ("\u0915\u093f", "\u0915\u093f"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("\u1112\u1161\u11ab", "\u1112\u1161\u11ab"),
    ],
)
def test_carets_stand_under_what_they_mean(before: str, shown: str) -> None:
    text = f"a {before} mark"
    *_, line, marks = render_text([diagnostic(text, ("mark", ""))], color=False).split("\n")
    assert line == f" 1 | a {shown} mark"
    assert marks.index("^^^^") == display_width(line[: line.index("mark")])


def test_hostile_names_and_messages_are_escaped() -> None:
    name = "\x1b]0;owned\x07\u202e\n.g"
    found = Diagnostic(
        "G0101",
        "bad\x1b[31m \u2066name",
        (Label(Span(0, 1), "label\r\n\x00"),),
        notes=("a\tnote\x9b",),
        help="\ud800",
        source=Source(name, "x"),
    )
    text = render_text([found], color=False)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert r"--> \x1b]0;owned\x07\u202e\n.g:1:1" in text
    assert r"bad\x1b[31m \u2066name" in text
    assert text.encode("utf-8")


def test_colour_is_only_added() -> None:
    found = diagnostic("y = aa + bb", ("bb", "right"), ("aa", "left"), notes=("n",), help="h")
    colored = render_text([found], color=True)
    assert "\x1b[1;31merror[G0101]" in colored
    assert "\x1b[1;31m^^\x1b[0m" in colored
    assert "\x1b[1;34m--\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render_text([found], color=False)


@pytest.mark.parametrize("width", [20, 60, 100, None])
@pytest.mark.parametrize("at", [0, 3, 5_000, 99_990, 100_000])
def test_long_lines_show_a_window(width: int | None, at: int) -> None:
    text = "a" * at + "MARK" + "\u91cf" * (100_000 - at)
    rendered = render_text([diagnostic(text, ("MARK", "here"))], color=False, width=width)
    *_, line, marks = rendered.split("\n")
    assert display_width(line) <= max(width or 120, 45)
    start = display_width(line[: line.index("MARK")])
    assert marks[start : start + 9] == "^^^^ here"


def test_far_labels_on_a_long_line_get_windows_of_their_own() -> None:
    text = "LEFT" + " " * 10_000 + "RIGHT"
    rendered = render_text([diagnostic(text, ("RIGHT", "r"), ("LEFT", "l"))], color=False, width=60)
    lines = rendered.split("\n")
    assert len(lines) == 7
    assert lines[3].startswith(" 1 | LEFT")
    assert lines[4] == "   | ---- l"
    assert lines[5].endswith("RIGHT")
    assert lines[6].endswith("^^^^^ r")


def test_span_longer_than_the_window() -> None:
    text = "y = " + "1" * 100_000 + "2"
    rendered = render_text([diagnostic(text, (text[4:], "long"))], color=False, width=60)
    *_, line, marks = rendered.split("\n")
    assert display_width(line) <= 60
    assert line.endswith("1...")
    assert marks.endswith("^ long")


def test_an_error_as_text_is_what_the_command_line_prints() -> None:
    error = UsageError([replace(diagnostic("b = q", ("q", "here")), help="define it")])
    assert str(error) == render_text(error.diagnostics, color=False)
    assert str(error).startswith("error[G0101]: a message")
    assert "help: define it" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is UsageError
    assert again.diagnostics == error.diagnostics


def test_json() -> None:
    found = diagnostic("x = 1\ny = \u91cf\u202e", ("\u91cf", "here"), ("x", "there"), help="h")
    nowhere = Diagnostic("G0501", "m", notes=("n",), severity="warning")
    text = render_json([found, nowhere])
    assert text.isascii()
    first, second = json.loads(text)
    here = {"line": 2, "column": 5, "end_line": 2, "end_column": 6}
    there = {"line": 1, "column": 1, "end_line": 1, "end_column": 2}
    assert first == {
        "code": "G0101",
        "severity": "error",
        "message": "a message",
        "file": "f.g",
        **here,
        "labels": [{"message": "here", **here}, {"message": "there", **there}],
        "notes": [],
        "help": "h",
    }
    assert second == {
        "code": "G0501",
        "severity": "warning",
        "message": "m",
        "file": None,
        "line": None,
        "column": None,
        "end_line": None,
        "end_column": None,
        "labels": [],
        "notes": ["n"],
        "help": None,
    }


@given(
    text=st.text(),
    name=st.text(),
    message=st.text(),
    places=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.text()), max_size=4),
    width=st.one_of(st.none(), st.integers(1, 200)),
)
def test_whatever_the_text_nothing_raw_comes_out(
    text: str, name: str, message: str, places: list[tuple[int, int, str]], width: int | None
) -> None:
    labels = tuple(Label(Span(min(a, b), max(a, b)), said) for a, b, said in places)
    found = Diagnostic("G0101", message, labels, (message,), message, source=Source(name, text))
    rendered = render_text([found], color=False, width=width)
    rendered.encode("utf-8")
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", rendered
    )
    json.loads(render_json([found]))
