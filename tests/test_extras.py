"""Optional extras: what is missing is said, with the line that installs it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from gradc.diagnostics import UsageError
from gradc.extras import require

PROJECT = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")


def extras() -> dict[str, str]:
    """The optional dependencies of the project by their extras."""
    table = PROJECT.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    return dict(re.findall(r"^(\w+) = \[(.*?)\]$", table, re.M | re.S))


def test_what_is_installed_is_used() -> None:
    require("numpy", "fit", "the test")


def test_a_missing_extra_is_said_with_the_line_that_installs_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(UsageError) as caught:
        require("scipy.optimize", "fit", "gradc fit")
    (found,) = caught.value.diagnostics
    assert found.code == "G0771"
    assert found.message == "gradc fit needs scipy, which is not installed"
    assert found.help == "pip install 'gradc[fit]'"


def test_all_has_every_extra_and_the_tests_have_all() -> None:
    found = extras()
    named = set(re.search(r"gradc\[(.*)\]", found["all"])[1].split(","))
    assert named == found.keys() - {"all", "bench", "test"}  # `bench` is of no use to a program
    assert '"gradc[all]"' in found["test"]
