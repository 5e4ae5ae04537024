"""Calls of scalar programs from Python: straight through the emitted statements, same bits."""

from __future__ import annotations

import itertools
import math
import struct

import pytest

import gradc
from gradc.diagnostics import InputError
from gradc.runtime.load import load_functions
from gradc.targets.python.straight import shortened
from gradc.targets.statements.tree import Assign, Binary, Call, For, Name, Number, Tuple

PROGRAMS = [
    "u = b*c; v = a+u; J = 3*v",
    "J = a*a",
    "J = 7 - 2*a/b + 1*c*4*2 - -a",
    "J = 2*3*a*1e200*1e200 + 0*b",
    "J = exp(a)*sin(b) + sqrt(c)*a**3 + abs(b)",
    "J = where(a > 0, a*b, -c)",
    "J = a + 9007199254740993*b",
    "s = sigmoid(a); J = s*2 + tanh(s)*b",
]
NUMBERS = (0.0, -0.0, 1.0, -2.5, 3e300, 5e-324, math.inf, -math.inf, math.nan)


def bits(value: object) -> object:
    """A float by its bits, every NaN the same; tuples and dictionaries of floats."""
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    if isinstance(value, dict):
        return {name: bits(each) for name, each in value.items()}
    assert type(value) is float
    return "nan" if math.isnan(value) else struct.pack("d", value)


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_bits_are_those_of_the_emitted_functions(text: str) -> None:
    program = gradc.compile(text)
    names = [var.name for var in program.graph.inputs]
    emitted = load_functions(program.python, "test")
    for numbers in itertools.product(NUMBERS, repeat=len(names)):
        given = dict(zip(names, numbers, strict=True))
        value, gradients = emitted["value_and_grad"](*numbers)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        expected = value, dict(zip(names, gradients, strict=True))
        assert bits(program.value_and_grad(**given)) == bits(expected), given
        assert bits(program.forward(**given)) == bits(value), given


def test_several_outputs() -> None:
    program = gradc.compile("input x, y\nz = x/y\nw = 2*x\noutput z, w")
    assert program.forward(x=1.0, y=4.0) == (0.25, 2.0)
    assert program.forward(x=1, y=4) == (0.25, 2.0)


@pytest.mark.parametrize("kind", ["forward", "value_and_grad"])
def test_what_is_no_float_is_checked(kind: str) -> None:
    function = getattr(gradc.compile("J = a*b"), kind)
    assert function.__name__ == kind
    assert function.__doc__ == getattr(gradc.compile("param a[N]; J = sum(a)"), kind).__doc__
    assert function(a=2, b=3.0) == function(a=2.0, b=3.0)
    for given in ({"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 1.0, "b": "2"}):
        with pytest.raises(InputError):
            function(**given)


def test_a_call_goes_straight_through() -> None:
    """Not through what binds data."""
    program = gradc.compile("J = a*b")
    for function in (program.forward, program.value_and_grad):
        assert "_checked" in function.__code__.co_freevars


class TestShortened:
    def test_copies_and_products_of_numbers_are_written_in(self) -> None:
        body = [
            Assign("d", Number(1.0), "seed"),
            Assign("e", Binary("*", Number(3), Name("d"))),
            Assign("f", Binary("*", Name("e"), Name("x"))),
            Assign("g", Name("f")),
            Assign("unread", Binary("+", Name("x"), Number(1))),
        ]
        found = shortened(body, ["x"], ["g", "e"])
        assert found.statements == [Assign("f", Binary("*", Number(3.0), Name("x")))]
        assert found.results == (Name("f"), Number(3.0))

    def test_a_whole_number_stays_one_where_nothing_is_a_float(self) -> None:
        body = [Assign("n", Binary("*", Name("k"), Number(2)))]
        assert shortened(body, [], ["n"]).statements == body
        large = [Assign("y", Binary("*", Name("x"), Number(2**53 + 1)))]
        assert shortened(large, ["x"], ["y"]).statements == large

    def test_what_may_raise_stays(self) -> None:
        body = [Assign("i", Call("checked", (Name("x"),))), Assign("y", Name("x"))]
        assert shortened(body, ["x"], ["y"]).statements == body[:1]

    @pytest.mark.parametrize(
        "body",
        [
            [For("i", Call("range", (Number(3),)), (Assign("y", Name("x")),))],
            [Assign("y", Name("x")), Assign("y", Binary("+", Name("y"), Number(1)))],
            [Assign("x", Number(1.0)), Assign("y", Name("x"))],
            [Assign("y", Tuple((Name("x"),)))],
        ],
    )
    def test_other_statements_stay_as_they_are(self, body: list[object]) -> None:
        found = shortened(body, ["x"], ["y"])  # type: ignore[arg-type]
        assert found.statements is body
        assert found.results == (Name("y"),)
