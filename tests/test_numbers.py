"""Numbers as text for people, and as strict JSON."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradc.report.numbers import array_cell, array_summary, json_value, number

NAN, INF = math.nan, math.inf
HUGE = "min 1e+200, max 1e+200, norm 2.64575e+200)"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (33.0, "33"),
        (0.1, "0.1"),
        (1 / 3, "0.333333"),
        (-2 / 3, "-0.666667"),
        (1e-12, "1e-12"),
        (1e-5, "1e-05"),
        (123456789.0, "123456789"),
        (-9999999999.0, "-9999999999"),
        (1e10, "1e+10"),
        (1234567.25, "1.23457e+06"),
        (1e300, "1e+300"),
        (5e-324, "4.94066e-324"),
        (0.0, "0"),
        (-0.0, "-0"),
        (7, "7"),
        (True, "true"),
        (NAN, "nan"),
        (INF, "inf"),
        (-INF, "-inf"),
    ],
)
def test_number(x: float, text: str) -> None:
    assert number(x) == text


@given(st.floats())
def test_a_number_reads_back_to_six_digits(x: float) -> None:
    text = number(x)
    assert len(text) <= 13
    if math.isnan(x):
        assert text == "nan"
    else:
        assert float(text) == pytest.approx(x, rel=5.1e-6, abs=0)
        assert math.copysign(1, float(text)) == math.copysign(1, x)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (np.float64(0.5), "0.5"),
        (np.array(3.5), "3.5"),
        ([1, 2, 3], "[1, 2, 3]"),
        ((1.5, -INF), "[1.5, -inf]"),
        ([[1, 2], [3, 4]], "[[1, 2], [3, 4]]"),
        (np.arange(100.0), "[0, 1, ..., 99]  (100 elements, min 0, max 99, norm 573.018)"),
        (np.eye(3), "[[1, 0, 0], ..., [0, 0, 1]]  (3x3, min 0, max 1, norm 1.73205)"),
        (
            np.ones((2, 5)),
            "[[1, 1, ..., 1], [1, 1, ..., 1]]  (2x5, min 1, max 1, norm 3.16228)",
        ),
        (np.zeros((2, 3, 4)), "[...]  (2x3x4, min 0, max 0, norm 0)"),
        ([NAN] + [2.0] * 6, "[nan, 2, ..., 2]  (7 elements, min 2, max 2, 1 nan)"),
        ([NAN] * 7, "[nan, nan, ..., nan]  (7 elements, 7 nan)"),
        ([INF] * 7, "[inf, inf, ..., inf]  (7 elements, min inf, max inf, norm inf)"),
        ([1e200] * 7, "[1e+200, 1e+200, ..., 1e+200]  (7 elements, " + HUGE),
        ([], "[]"),
        (np.zeros((0, 3)), "[]  (0x3)"),
        (np.zeros((3, 0)), "[]  (3x0)"),
        (np.array([True, False]), "[true, false]"),
    ],
)
def test_array_summary(value: object, text: str) -> None:
    assert array_summary(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (np.eye(2), "[[1, 0], [0, 1]]"),
        (np.arange(100.0), "[0, 1, ..., 99]  norm 573.018"),
        (np.eye(3), "min 0, max 1, norm 1.73205"),
        ([[1.0, 2.0, 3.0, NAN], [1.0, 2.0, 3.0, 4.0]], "min 1, max 4, 1 nan"),
        (np.array([True, False] * 4), "[true, false, ..., false]  norm 2"),
        (np.zeros((0, 3)), "[]  (0x3)"),
    ],
)
def test_array_cell(value: object, text: str) -> None:
    assert array_cell(value) == text


def test_a_large_array_is_summed_up_at_once() -> None:
    start = time.perf_counter()
    assert array_cell(np.ones((1000, 1000))) == "min 1, max 1, norm 1000"
    assert time.perf_counter() - start < 1.0


def test_limit() -> None:
    assert array_summary([1, 2, 3, 4], limit=3).startswith("[1, 2, ..., 4]  (4 elements, ")


def test_no_number_at_all() -> None:
    with pytest.raises(TypeError):
        array_summary("text")
    with pytest.raises(TypeError):
        json_value([None])


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0.1, 0.1),
        (3, 3),
        (NAN, "nan"),
        (np.float64(INF), "inf"),
        (np.array([[1.5, -INF]]), [[1.5, "-inf"]]),
        (np.array([1, 2]), [1, 2]),
        ([np.array([1.0]), (2,)], [[1.0], [2]]),
        (np.zeros((2, 0)), [[], []]),
        (np.bool_(True), True),
    ],
)
def test_json_value(value: object, data: object) -> None:
    assert repr(json_value(value)) == repr(data)


@given(st.lists(st.floats()))
def test_json_keeps_every_bit(value: list[float]) -> None:
    text = json.dumps(json_value(np.array(value)), allow_nan=False)
    assert repr([float(x) for x in json.loads(text)]) == repr(value)


def test_numpy_is_not_imported() -> None:
    script = (
        "import sys; from gradc.report.numbers import array_summary, json_value;"
        "import gradc.report.table; array_summary([1.0] * 9); json_value([1.0]);"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
