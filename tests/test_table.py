"""Tables line up, stay within a width, and cannot be broken by what stands in a cell."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradc.diagnostics.display import display_width
from gradc.report.table import Column, render_table, shortened

COLUMNS = [Column("name"), Column("value", "number"), Column("derivative", "number")]


def test_a_table() -> None:
    rows = [["a", "5", "6"], ["bb", "-12.25", "0.333333"], ["c", "1.5e-12", "nan"]]
    assert render_table(COLUMNS, rows).splitlines() == [
        "name      value  derivative",
        "----  ---------  ----------",
        "a       5          6",
        "bb    -12.25       0.333333",
        "c       1.5e-12  nan",
    ]


def test_numbers_beside_text_stand_at_the_left() -> None:
    rows = [["a", "5.5", ""], ["b", "[1, 2, 3]  (long)", ""], ["c", "-10", "1"]]
    assert render_table(COLUMNS, rows).splitlines() == [
        "name  value              derivative",
        "----  -----------------  ----------",
        "a       5.5",
        "b     [1, 2, 3]  (long)",
        "c     -10                1",
    ]


def test_right_aligned_text() -> None:
    assert render_table([Column("n", "right")], [["a"], ["bbb"]]).splitlines() == [
        "  n",
        "---",
        "  a",
        "bbb",
    ]


def test_wide_and_combining_characters() -> None:
    table = render_table(
        [Column("n"), Column("v")], [["漢字", "1"], ["e\u0301", "2"], ["abc", "3"]]
    )
    assert table.splitlines() == [
        "n     v",
        "----  -",
        "漢字  1",
        "e\u0301     2",
        "abc   3",
    ]


def test_control_and_bidi_characters_are_visible() -> None:
    table = render_table([Column("x\ny")], [["a\tb\x1b[31m"], ["\u202eabc\u2028\ud800"]])
    assert table.splitlines() == [
        r"x\ny",
        "-" * 21,
        r"a\tb\x1b[31m",
        r"\u202eabc\u2028\ud800",
    ]


def test_width() -> None:
    rows = [["a" * 30, "3.25", "b" * 40], ["c", "1000000.5", "d"]]
    columns = [Column("name"), Column("value", "number"), Column("text")]
    assert "..." not in render_table(columns, rows)
    lines = render_table(columns, rows, width=50).splitlines()
    assert max(map(len, lines)) == 50
    assert lines[2] == "a" * 15 + "...        3.25  " + "b" * 15 + "..."


def test_numbers_are_never_cut() -> None:
    rows = [["x" * 100, "-1.23457e+06", "-1.23457e+06"]]
    line = render_table(COLUMNS, rows, width=20).splitlines()[2]
    assert line == "xxxxx...  -1.23457e+06  -1.23457e+06"


def test_no_rows_and_no_columns() -> None:
    assert render_table([Column("a"), Column("b", "number")], []) == "a  b\n-  -"
    assert render_table([], []) == ""


def test_rows_must_fit() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, the table 2 columns"):
        render_table([Column("a"), Column("b")], [["1"]])


def test_shortened_wide_characters() -> None:
    assert shortened("漢字漢字", 8) == "漢字漢字"
    assert shortened("漢字漢字", 7) == "漢字..."
    assert shortened("漢字漢字漢", 8) == "漢字..."


CELL = st.text(max_size=12) | st.floats().map("{:.6g}".format)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=5), st.none() | st.integers(0, 60))
def test_any_cells(rows: list[tuple[str, str, str]], width: int | None) -> None:
    columns = [Column("a"), Column("b", "number"), Column("c", "right")]
    lines = render_table(columns, rows, width).split("\n")
    assert len(lines) == len(rows) + 2
    rule = len(lines[1])
    assert all(display_width(line) <= rule for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for line in lines for c in line)
    if width is not None:
        assert rule <= max(width, 8 + 25 + 8 + 4)
