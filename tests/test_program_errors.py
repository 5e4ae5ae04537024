"""Every bad program of `tests/bad/program` against the exact text that gradc answers it with.

After a deliberate change of wording, `GRADC_UPDATE=1 pytest tests/test_program_errors.py` writes
the answers anew; read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import gradc
from gradc.diagnostics import Diagnostic, Source, SourceError
from gradc.diagnostics.codes import CODES
from gradc.diagnostics.render import render_text
from gradc.frontend.lower import check

FOLDER = Path(__file__).parent / "bad" / "program"
PROGRAMS = sorted(FOLDER.glob("*.g"))
CHECKED = [code for code in CODES if code.startswith(("G02", "G03"))]
PACKAGE = Path(gradc.__file__).parent


def answer(source: Source) -> tuple[Diagnostic, ...]:
    """The diagnostics of a program: its errors, or the warnings where there are none."""
    try:
        return check(source).warnings
    except SourceError as error:
        return tuple(error.diagnostics)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_answer_is_as_recorded(path: Path) -> None:
    found = answer(Source(path.name, path.read_text(encoding="utf-8")))
    text = render_text(found, color=False) + "\n"
    expected = path.with_suffix(".expected")
    if os.environ.get("GRADC_UPDATE"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert found


def test_every_answer_has_a_program_and_every_code_is_earned() -> None:
    assert {p.stem for p in FOLDER.glob("*.expected")} == {p.stem for p in PROGRAMS}
    earned = {
        d.code
        for path in PROGRAMS
        for d in answer(Source(path.name, path.read_text(encoding="utf-8")))
    }
    assert earned == set(CHECKED)


@pytest.mark.parametrize("code", CHECKED)
def test_the_examples_of_a_code_are_what_they_say(code: str) -> None:
    assert [d.code for d in answer(Source("bad.g", CODES[code].bad))] == [code]
    assert answer(Source("good.g", CODES[code].good)) == ()


def test_every_code_given_is_explained_and_every_explanation_given() -> None:
    used = set()
    for path in PACKAGE.rglob("*.py"):
        if not path.name.startswith("codes"):
            used |= set(re.findall(r'"(G0\d{3})"', path.read_text(encoding="utf-8")))
    assert used == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_explanation_is_complete(code: str) -> None:
    entry = CODES[code]
    assert not entry.title.endswith(".")
    assert entry.explanation.endswith(".")
    assert entry.bad != entry.good


def test_a_flood_of_mistakes_is_cut_and_counted() -> None:
    with pytest.raises(SourceError) as caught:
        check(Source("flood.g", "\n".join(f"a = {i}" for i in range(3000))))
    assert len(caught.value.diagnostics) == 50
    assert caught.value.diagnostics[-1].notes == ("and 2949 more, not shown",)
