"""Whole stories in readable files: program, data, graph, emitted module, numbers.

A file of `tests/golden` begins with a program and its data; what follows is made from them.  One
with a section `javascript` has the module of that target there, one with a section `c` the function
`value_and_grad` of C without the library that it calls.
After a deliberate change, `GRADC_UPDATE=1 pytest tests/test_golden.py` writes the rest anew; read
the difference as a reader of emitted code would.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradc
from gradc.diagnostics import Source
from gradc.diagnostics.render import render_text
from gradc.frontend.lower import check
from gradc.ir.evaluation import Evaluation
from gradc.targets.c import emit as c
from gradc.targets.js.emit import emit

FOLDER = Path(__file__).parent / "golden"
STORIES = sorted(FOLDER.glob("*.golden"))
MARK = "==== "


def sections(text: str) -> dict[str, str]:
    """The sections of a file by title."""
    found: dict[str, str] = {}
    for part in ("\n" + text).split("\n" + MARK)[1:]:
        title, _, body = part.partition("\n")
        found[title] = body.strip("\n")
    return found


def written(found: Mapping[str, str]) -> str:
    return "\n\n".join(f"{MARK}{title}\n{body}" for title, body in found.items()) + "\n"


def numbers(evaluation: Evaluation) -> str:
    """Values, then adjoints, to 12 digits."""
    lines = [f"{name} = {number(value)}" for name, value in evaluation.values.items()]
    lines += [f"dJ/d{name} = {number(value)}" for name, value in evaluation.adjoints.items()]
    return "\n".join(lines)


def number(value: Any) -> str:
    if np.ndim(value):
        return f"[{', '.join(map(number, value))}]"
    return str(value) if isinstance(value, (bool, np.bool_)) else f"{value:.12g}"


def story(name: str, program: str, data: str, asked: Container[str]) -> str:
    checked = check(Source(f"{name}.g", program + "\n"))
    compiled = gradc.Compiled(checked)
    found = {"program": program, "data": data}
    if checked.warnings:
        found["warnings"] = render_text(checked.warnings, color=False).rstrip()
    found["graph"] = str(compiled.graph).rstrip()
    found["python"] = compiled.python.rstrip()
    if "javascript" in asked:
        found["javascript"] = emit(checked, compiled.wrt).text.rstrip()
    if "c" in asked:
        text = c.emit(checked, compiled.wrt, kinds=["value_and_grad"]).text
        found["c"] = text.partition('extern "C" {\n#endif\n')[2].partition("\n#ifdef")[0].strip()
    found["numbers"] = numbers(compiled.run(**json.loads(data)))
    return written(found)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    given = sections(path.read_text(encoding="utf-8"))
    found = story(path.stem, given["program"], given["data"], given)
    if os.environ.get("GRADC_UPDATE"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_there_are_stories() -> None:
    assert len(STORIES) >= 12
