"""Data bound call after call: as `bind`, whatever changes between two calls."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradc
from gradc.diagnostics import InputError
from gradc.runtime import directions, engines, rebinding
from gradc.runtime.bind import Bound, bind
from gradc.runtime.rebinding import Rebinding
from gradc.runtime.repeated import Repeated

LINE = "input X[N, 2], s; param w[2]; J = s*sum((X @ w)^2)"


def outcome(function: Callable[[Any], Bound], inputs: dict[str, Any]) -> Any:
    """What a function returns, or the diagnostics that it raises."""
    try:
        return function(inputs)
    except InputError as error:
        return error.diagnostics


def same(one: Bound, other: Bound) -> bool:
    """Whether everything is the same, and of the same types."""
    return one.sizes == other.sizes and all(
        type(a) is type(b)
        and getattr(a, "dtype", None) == getattr(b, "dtype", None)
        and np.array_equal(a, b, equal_nan=True)
        for a, b in zip(one.arrays.values(), other.arrays.values(), strict=True)
    )


WIDE = np.arange(12.0).reshape(3, 4)
CHANGES: list[dict[str, Any]] = [
    {},
    {"X": WIDE[:, :2]},
    {"X": WIDE.astype(">f8")[:, :2]},
    {"X": np.asfortranarray(WIDE[:, :2])},
    {"X": np.ones((4, 2))},
    {"X": np.zeros((0, 2))},
    {"X": [[1, 2], [3, 4]]},
    {"X": np.ones((3, 2), dtype=np.float32)},
    {"s": 2},
    {"s": np.float64(0.5)},
    {"s": np.array(0.5)},
    {"s": True},
    {"s": float("nan")},
    {"w": np.ones(3)},
    {"w": np.ma.masked_array(np.ones(2))},
    {"w": np.ones((1, 2))},
    {"w": "2"},
    {"v": 1.0},
    {"X": None},
]


def test_what_changes_is_bound_anew() -> None:
    program = gradc.compile(LINE).program
    usual = {"s": 2.0, "X": np.ones((3, 2)), "w": np.array([1.0, -1.0])}
    bound = Rebinding(program)
    for change, _ in itertools.product(CHANGES, range(2)):
        given = {**usual, **change}
        for inputs in (given, {name: given[name] for name in sorted(given)}, usual):
            expected = outcome(
                lambda values: bind(program.inputs, values, program.requirements, program.source),
                inputs,
            )
            found = outcome(bound, inputs)
            if isinstance(expected, Bound):
                assert same(found, expected)
            else:
                assert found == expected
    for missing in usual:
        with pytest.raises(InputError):
            bound({name: value for name, value in usual.items() if name != missing})


def test_what_does_not_change_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    program = gradc.compile(LINE, engine="numpy")
    inputs = {"X": np.ones((3, 2)), "s": 2.0, "w": np.array([1.0, -0.5])}
    moves = {"w": np.array([0.0, 1.0])}
    expected = program.value_and_grad(**inputs), program.jvp(inputs, moves)
    for module in (rebinding, directions):
        monkeypatch.setattr(module, "bind", None)
    value, gradient = program.value_and_grad(**inputs)
    assert value == expected[0][0]
    assert np.array_equal(gradient["w"], expected[0][1]["w"])
    assert program.jvp(inputs, moves) == expected[1]
    with pytest.raises(TypeError):
        program.jvp(inputs, {"w": [0.0, 1.0]})  # bound again, by what is None here


def test_integers_are_looked_at_each_time() -> None:
    program = gradc.compile("input x[N], i[M] in N; J = sum[m](x[i[m]])", engine="numpy")
    i = np.array([0, 2])
    assert program.forward(x=np.ones(3), i=i) == 2.0
    i[1] = 3
    with pytest.raises(InputError, match="allowed is 0"):
        program.forward(x=np.ones(3), i=i)


@pytest.mark.parametrize("engine", ["numpy", "c"])
def test_directions_in_every_form(engine: Any) -> None:
    program = gradc.compile(LINE, engine=engine)
    inputs = {"X": np.arange(6.0).reshape(3, 2), "s": 2.0, "w": np.array([1.0, -0.5])}
    inside = gradc.compile(LINE, wrt=["w", "s"], engine=engine)
    expected = program.jvp(inputs, {"w": [1.0, 0.0]})
    for move in (np.array([1.0, 0.0]), np.array([1, 0]), (1, 0), np.eye(3)[0, :2], np.eye(2)[:, 0]):
        assert program.jvp(inputs, {"w": move}) == expected
        assert inside.jvp(inputs, {"s": 0, "w": move}) == expected
        assert inside.jvp(inputs, {"w": move, "s": 0.0}) == expected
    for wrong in ({"w": [1.0]}, {"w": np.ones((2, 1))}, {"w": 1.0}, {"X": 1.0}, {"u": 1.0}):
        with pytest.raises(InputError):
            program.jvp(inputs, wrong)


def test_an_engine_is_looked_for_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of which each takes little, but which all together would have paid for compiling."""
    program = gradc.compile("J = a*b")
    repeated = Repeated(program.program, program.wrt, "forward", program.engine)
    asked: list[float] = []

    def compiled(wanted: engines.Wanted, engine: engines.Engine) -> None:
        asked.append(wanted.calls)

    monkeypatch.setattr("gradc.runtime.repeated.compiled", compiled)
    for _ in range(1000):
        assert repeated({"a": 2.0, "b": 3.0}) == (6.0,)
    assert asked == [2.0**k for k in range(10)]
    repeated._calls = 10**9
    for _ in range(3):
        repeated({"a": 2.0, "b": 3.0})
    assert asked[10:] == [float("inf")]


def test_names_of_inputs_in_one_text_are_those_of_the_command_line() -> None:
    text = "param mass, k\nJ = mass*k**2"
    assert [var.name for var in gradc.compile(text, wrt="mass").wrt] == ["mass"]
    assert [var.name for var in gradc.compile(text, wrt=" k, mass").wrt] == ["mass", "k"]
    with pytest.raises(gradc.UsageError, match="`mas` is not in the program"):
        gradc.compile(text, wrt="mas")
