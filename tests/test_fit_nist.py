"""NIST's Statistical Reference Datasets for nonlinear regression: certified values, both starts.

Models, data and certified values are those of the 27 problems of
https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml (public domain).  The programs and data
stand in `examples/nist`, the starts and certified values in `nist_certified.json`.  For Rat43 that
has 11 degrees of freedom, with which the certified deviation was computed, not the 9 of the file.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import gradc

ROOT = Path(__file__).parents[1]
PROBLEMS = ROOT / "examples" / "nist"
CERTIFIED = json.loads((ROOT / "tests" / "nist_certified.json").read_text(encoding="utf-8"))
CASES = [(name, start) for name in CERTIFIED for start in ("start1", "start2")]

# The residuals of Lanczos1 are 1e-13 of its data: in double precision there is nothing to tell
# their sum of squares from that of rounding errors by.
WITHOUT_ERRORS = {"Lanczos1"}


def columns(name: str) -> dict[str, np.ndarray]:
    lines = (PROBLEMS / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    numbers = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    return {title: numbers[:, i].copy() for i, title in enumerate(lines[0].split(","))}


def digits(found: float, certified: float) -> float:
    """How many digits agree: the log relative error of NIST."""
    if found == certified:
        return 11.0
    return -math.log10(abs(found - certified) / abs(certified))


def test_all_27_are_here() -> None:
    assert len(CERTIFIED) == 27
    assert {path.stem for path in PROBLEMS.glob("*.g")} == CERTIFIED.keys()


@pytest.mark.parametrize(("name", "start"), CASES)
def test_certified_values_are_reached_from_both_starts(name: str, start: str) -> None:
    certified = CERTIFIED[name]
    fitted = gradc.load(PROBLEMS / f"{name}.g").fit(columns(name), certified[start])
    assert fitted.converged
    found = fitted.statistics
    assert found.degrees_of_freedom == certified["degrees_of_freedom"]
    for parameter, value in certified["parameters"].items():
        assert digits(fitted.parameters[parameter], value) >= 8
    if name in WITHOUT_ERRORS:
        assert fitted.objective < 1e-20
        assert fitted.reason == "the residuals are zero to rounding"
        return
    assert digits(fitted.objective, certified["residual_sum_of_squares"]) >= 8
    deviation = certified["residual_standard_deviation"]
    assert digits(found.residual_standard_deviation, deviation) >= 8
    for parameter, error in certified["standard_errors"].items():
        assert digits(fitted.standard_errors[parameter], error) >= 8


@pytest.mark.parametrize("name", ["Misra1a", "Chwirut2", "Rat42"])
def test_the_sum_of_squares_as_a_scalar_has_the_same_minimum(name: str) -> None:
    certified = CERTIFIED[name]
    text = (PROBLEMS / f"{name}.g").read_text(encoding="utf-8") + "J = sum(r^2)\n"
    fitted = gradc.compile(text).fit(columns(name), certified["start2"])
    assert fitted.converged
    assert fitted.standard_errors is None
    for parameter, value in certified["parameters"].items():
        assert digits(fitted.parameters[parameter], value) >= 6
