"""The work of compiling grows with the length of a program, and no faster.

Work is counted in calls, which unlike seconds are the same on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import pytest

import gradc

N = 120


def _names(n: int, shape: str = "") -> str:
    return ", ".join(f"x{i}{shape}" for i in range(n))


FAMILIES: dict[str, Callable[[int], str]] = {
    "statements": lambda n: "u0 = x\n" + "\n".join(f"u{i} = u{i - 1}*x" for i in range(1, n)),
    "joined": lambda n: f"input {_names(n, '[N]')}\nJ = sum(concat({_names(n)}))",
    "stacked": lambda n: f"input {_names(n, '[N]')}\nJ = sum(stack({_names(n)}))",
    "elements": lambda n: f"input {_names(n)}\nJ = sum([{_names(n)}]) if x0 > 0 else 1",
    "sizes": lambda n: (
        "input " + ", ".join(f"x{i}[2*N{i}]" for i in range(n)) + "\nJ = sum(x0*ones(2*N0))"
    ),
    "outputs": lambda n: "\n".join(f"y{i} = x*{i}" for i in range(n)),
    "nested branches": lambda n: "J = " + "(x if x > 1 else " * n + "x" + ")" * n,
    "a chain used in many branches": lambda n: (
        "y0 = x*x\n"
        + "\n".join(f"y{i} = y{i - 1}*y{i - 1}" for i in range(1, n))
        + f"\nJ = {' + '.join(f'(y{n - 1} if x > {i} else {i})' for i in range(n))}"
    ),
    "names like each other": lambda n: (
        "\n".join(f"{_word(i)} = 1" for i in range(n))
        + f"\nJ = {' + '.join(_word(i) + 'x' for i in range(n))}"
    ),
}


def _word(i: int) -> str:
    """Words of which no two are near to each other."""
    return "".join(chr(ord("a") + i * 7**k // 5**k % 25) * 2 for k in range(4))


def _calls(source: str) -> int:
    count = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(profile)
    try:
        with suppress(gradc.SourceError):
            _ = gradc.compile(source).python
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("family", FAMILIES)
def test_twice_the_program_is_twice_the_work(family: str) -> None:
    source = FAMILIES[family]
    _calls(source(10))  # what is made once
    assert _calls(source(4 * N)) / _calls(source(2 * N)) < 2.3


def test_undefined_names_are_not_all_compared_with_all_names() -> None:
    def undefined(n: int) -> str:
        defined = "\n".join(f"{_word(i)} = q" for i in range(n))
        return f"input q\n{defined}\nJ = {' + '.join(_word(i) + 'x' for i in range(n))}"

    assert _calls(undefined(4 * N)) / _calls(undefined(2 * N)) < 2.3
