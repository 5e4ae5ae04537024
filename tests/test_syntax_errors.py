"""Every bad program of `tests/bad/syntax` against the exact text that gradc answers it with."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradc.diagnostics import Source, SourceError
from gradc.diagnostics.codes import CODES
from gradc.diagnostics.render import render_text
from gradc.frontend.parser import parse

FOLDER = Path(__file__).parent / "bad" / "syntax"
PROGRAMS = sorted(FOLDER.glob("*.g"))


def answer(path: Path) -> SourceError:
    with path.open(encoding="utf-8", newline="") as file:
        source = Source(path.name, file.read())
    with pytest.raises(SourceError) as caught:
        parse(source)
    return caught.value


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_answer_is_as_recorded(path: Path) -> None:
    expected = path.with_suffix(".expected").read_text(encoding="utf-8")
    assert render_text(answer(path).diagnostics, color=False) + "\n" == expected


def test_every_answer_has_a_program_and_every_code_is_earned() -> None:
    assert {p.stem for p in FOLDER.glob("*.expected")} == {p.stem for p in PROGRAMS}
    earned = {d.code for path in PROGRAMS for d in answer(path).diagnostics}
    assert earned == {code for code in CODES if code.startswith("G01")}


@pytest.mark.parametrize("code", [code for code in CODES if code.startswith("G01")])
def test_the_examples_of_a_code_are_what_they_say(code: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(Source("bad.g", CODES[code].bad))
    assert {d.code for d in caught.value.diagnostics} == {code}
    parse(Source("good.g", CODES[code].good))
