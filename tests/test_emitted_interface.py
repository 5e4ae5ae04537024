"""An emitted module used alone refuses what does not fit, and never broadcasts silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradc

PROGRAM = "param x[N], A[N, D], b\nJ = sum(x[1:4])*b + x[N-3] + sum(x @ A)"
GOOD: dict[str, Any] = {"x": [1.0, 2.0, 3.0, 4.0], "A": np.ones((4, 2)), "b": 2.0}


@pytest.fixture(scope="module")
def emitted() -> dict[str, Callable[..., Any]]:
    namespace: dict[str, Any] = {}
    exec(gradc.compile(PROGRAM).python, namespace)
    return namespace


def test_lists_and_numbers_are_taken_as_they_come(emitted: dict[str, Callable[..., Any]]) -> None:
    value, (dx, dA, db) = emitted["value_and_grad"](**GOOD)  # noqa: N806
    assert value == 9 * 2.0 + 2.0 + 20.0
    assert dx.shape == (4,)
    assert dA.shape == (4, 2)
    assert db == 9.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"b": [1.0, 2.0, 3.0, 4.0]}, "b has 1 axes, expected 0"),
        ({"x": [[1.0, 2.0, 3.0, 4.0]]}, "x has 2 axes, expected 1"),
        ({"A": np.ones((1, 2))}, r"A has shape \(1, 2\), expected \(4, 2\)"),
        ({"A": np.ones(4)}, "A has 1 axes, expected 2"),
        ({"x": [1.0, 2.0], "A": np.ones((2, 2))}, "ends beyond the size N"),
        ({"x": [1.0, 2.0, 3.0], "A": np.ones((3, 2))}, "ends beyond the size N"),
    ],
)
@pytest.mark.parametrize("function", ["forward", "value_and_grad", "tangent"])
def test_what_does_not_fit_is_refused(
    emitted: dict[str, Callable[..., Any]], function: str, wrong: dict[str, Any], message: str
) -> None:
    arguments = {**GOOD, **wrong}
    if function == "tangent":
        arguments |= {f"{name}_dot": value for name, value in arguments.items()}
    with pytest.raises(ValueError, match=message):
        emitted[function](**arguments)


def test_a_seed_of_wrong_shape_is_refused(emitted: dict[str, Callable[..., Any]]) -> None:
    _, saved = emitted["forward"](**GOOD)
    with pytest.raises(ValueError, match="dJ has 1 axes, expected 0"):
        emitted["reverse"](saved, [1.0, 2.0])


def test_integers_are_refused_where_they_are_none() -> None:
    namespace: dict[str, Any] = {}
    source = "input k[N] in 3\nparam x[N]\nJ = sum(where(k == 1, x, 0.0))"
    exec(gradc.compile(source).python, namespace)
    with pytest.raises(ValueError, match="k has float64 elements, expected integers"):
        namespace["value_and_grad"]([0.5, 1.0], [1.0, 2.0])
    assert namespace["value_and_grad"]([0, 1], [1.0, 2.0])[0] == 2.0


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_integers_outside_their_range_are_refused(labels: list[int]) -> None:
    namespace: dict[str, Any] = {}
    source = "input k[N] in K, A[N, K]\nparam s\nJ = s*sum(where(k == 1, 1.0, 0.0)) + sum(A)"
    exec(gradc.compile(source).python, namespace)
    with pytest.raises(ValueError, match=r"k has integers outside 0 .. 2"):
        namespace["value_and_grad"](labels, np.ones((2, 3)), 1.0)
