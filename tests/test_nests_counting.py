"""Neighbours on an axis: `y[i - 1]` is read beside `y[i]`, without an array of indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nests_interpreter import OutOfRangeError, run
from test_nests import agree_in_all, derivatives
from test_nests_loops import statements

from gradc.ir.graph import DType
from gradc.nests.build import build
from gradc.nests.model import Check, Fill, Function, Store

BEFORE = "z[i in N] = x[i]*y[i - 1] if i > 0 else x[0]"
BEHIND = "z[i in N] = x[i]*y[i + 2] if i < N - 2 else y[i]"
BOTH = "z[i in N] = y[i - 1] - 2*y[i] + y[i + 1] if i > 0 and i < N - 1 else 0*x[i]"
FAR = "z[i in N] = x[i] + y[i - 3] if i >= 3 else x[i]"
ONE = "z[i in N] = x[i] if i == 1 else y[i]"
MASKED = "z[i in N] = log(y[i - 1])*x[i] if i > 0 else x[i]"
PROVEN = {"before": BEFORE, "behind": BEHIND, "far": FAR, "one": ONE, "masked": MASKED}


def program(line: str) -> str:
    return f"param x[N], y[N]\n{line}\nJ = sum(sin(z)*y)\n"


def check(text: str, data: dict[str, Any]) -> list[Function]:
    found, every = derivatives(text)
    agree_in_all(found, every, data)
    return [build("f", graph) for graph in every]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 130])
@pytest.mark.parametrize("line", [*PROVEN.values(), BOTH])
def test_neighbours(line: str, n: int) -> None:
    random = np.random.default_rng(n)
    check(program(line), {"x": random.normal(size=n), "y": random.uniform(0.5, 2.0, size=n)})


@pytest.mark.parametrize("name", PROVEN)
def test_no_index_is_stored_or_checked(name: str) -> None:
    data = {"x": np.ones(9), "y": np.linspace(1, 2, 9)}
    for function in check(program(PROVEN[name]), data):
        every = [stmt for stmt, _ in statements(function.body)]
        assert not any(isinstance(stmt, Check) for stmt in every)
        assert all(buffer.dtype is DType.REAL for buffer, _ in function.scratch)
        added = [stmt for stmt in every if isinstance(stmt, Store) and stmt.op == "add"]
        assert all(stmt.target.at[0] == added[0].target.at[0] for stmt in added)
        assert not any(isinstance(stmt, Fill) for stmt in every)


def test_what_is_not_taken_spoils_nothing() -> None:
    """The logarithm of what is read in the place of an element that is not there."""
    y = np.array([0.0, 0.0, 3.0, 4.0])
    check(program(MASKED.replace("i > 0", "i > 2")), {"x": np.ones(4), "y": y})


@pytest.mark.parametrize("first", [-1.0, 1.0])
@pytest.mark.parametrize(
    "line",
    [
        "z = where(a > 0 and y > 1, x, x*y)",
        "z = where(y > 1 and a > 0, x, x*y)",
        "z[i in N] = x[i]*y[i - 1] if a > 0 and i > 0 else x[0]",
        "z[i in N] = x[i]*y[i - 1] if i > 0 and x[0] > 0 and a > 0 else x[0]",
    ],
)
def test_conditions_of_which_a_part_is_the_same_for_all(line: str, first: float) -> None:
    data = {"x": np.linspace(1, 2, 5), "y": np.linspace(0.5, 1.5, 5), "a": first}
    check(program(line).replace("y[N]", "y[N], a", 1), data)


def test_an_access_that_may_leave_its_axis_is_checked() -> None:
    text = "param x[N], y[M]\nz[i in N] = x[i]*y[i - 1] if i > 0 else x[0]\nJ = sum(z)\n"
    check(text, {"x": np.ones(3), "y": np.arange(4.0)})
    _, (graph, *_) = derivatives(text)
    with pytest.raises(OutOfRangeError):
        run(build("f", graph), [np.ones(9), np.ones(3)], {"N": 9, "M": 3})
