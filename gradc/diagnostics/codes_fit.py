"""Codes of fitting, and of the optional extras that it and other commands need."""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

FIT_CODES: dict[str, ErrorCode] = {
    "G0771": ErrorCode(
        "Extra not installed",
        "The request needs a package that gradc does not install by itself. The help line installs "
        "it.",
        bad="gradc fit f.g --inputs data.csv --start w=0  # without SciPy",
        good="pip install 'gradc[fit]'",
    ),
}
