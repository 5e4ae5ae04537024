"""Calls of scalar programs from Python: straight through the emitted statements, same bits."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

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


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_prepared_call_has_the_same_bits(text: str) -> None:
    program = gradc.compile(text)
    names = [var.name for var in program.graph.inputs]
    for numbers in [(1.5, -0.0, math.inf), (-2.5, 3e300, math.nan)]:
        given = dict(zip(names, numbers, strict=False))
        for kind in ("value_and_grad", "forward"):
            expected = bits(getattr(program, kind)(**given))
            call = program.prepared(kind, given)
            assert bits(call()) == bits(call()) == expected, given


def test_a_prepared_call_of_scalars_goes_straight_through() -> None:
    """Integers become floats once; a name that is none of Python's, and any number of inputs."""
    call = gradc.compile("J = a*b").prepared("value_and_grad", {"b": 2, "a": 3.0})
    assert isinstance(call, partial)
    assert call() == (6.0, {"a": 2.0, "b": 3.0})
    several = gradc.compile("input x, y\nz = x/y\nw = 2*x\noutput z, w")
    assert several.prepared("forward", {"x": 1, "y": 4})() == (0.25, 2.0)
    named = gradc.compile(
        "input class_, lambda_, bind, function; J = class_*lambda_ + bind*function"
    )
    inputs = {"class_": 1, "lambda_": 2, "bind": 3, "function": 4}
    assert named.prepared("forward", inputs)() == 14.0
    many = "J = " + " + ".join(f"x{k}" for k in range(40))
    inputs = {f"x{k}": k for k in range(40)}
    value, gradient = gradc.compile(many).prepared("value_and_grad", inputs)()
    assert (value, gradient) == (780.0, dict.fromkeys(inputs, 1.0))


def test_a_prepared_call_of_scalars_without_direct_statements() -> None:
    """Data are bound once, and integers are seen again at each call."""
    text = "input n in 5, x[5]; param a; J = a*x[n]"
    steps = "param a; loop k in 0:3 carry y = a { y = y*y }; J = y"
    given = {"n": 2, "x": [0.0, 1.0, 2.0, 3.0, 4.0], "a": 1.5}
    assert gradc.compile(text, engine="numpy").prepared("forward", given)() == 3.0
    assert gradc.compile(steps).prepared("value_and_grad", {"a": 2})() == (256.0, {"a": 1024.0})


def test_a_prepared_call_computes_with_integers_as_integers() -> None:
    """Beyond 2**53 floats are not exact, and what is left by a division is another number."""
    text = "input n in 4503599627370496; param x; k = (4*n + 1) % 3; J = x*k"
    program = gradc.compile(text, engine="python")
    for n in range(2**52 - 3, 2**52):
        inputs = {"n": n, "x": 1.0}
        assert program.forward(**inputs) == (4 * n + 1) % 3
        assert program.prepared("forward", inputs)() == (4 * n + 1) % 3


@pytest.mark.parametrize("engine", ["python", "c"])
def test_numbers_that_functions_return_are_floats(engine: Any) -> None:
    """As integers they would have no -0."""
    program = gradc.compile("J = -max(x, 0)", engine=engine)
    for value in (program.forward(x=-1.0), program.value_and_grad(x=-1.0)[0]):
        assert bits(value) == bits(-0.0)
    assert bits(gradc.compile("J = 1/(-min(2, max(x, 0)))", engine=engine).forward(x=-1)) == bits(
        -math.inf
    )


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


def test_python_names_a_function_that_is_called_wrongly() -> None:
    for text in ("J = a*b", "input a[N]; J = sum(a)"):
        program = gradc.compile(text)
        for function in (program.forward, program.value_and_grad):
            with pytest.raises(TypeError, match=f"^{function.__name__}\\(\\) takes 0 positional"):
                function(1.0)


def test_data_that_are_not_given_by_name() -> None:
    program = gradc.compile("J = a*b")
    given = {"a": 1.0, "b": 2.0}
    calls: list[Callable[[Any], object]] = [
        lambda wrong: program.prepared("forward", wrong),
        lambda wrong: program.jvp(wrong, {"a": 1.0}),
        lambda wrong: program.jvp(given, wrong),
        lambda wrong: program.hvp(wrong, {"a": 1.0}),
        lambda wrong: program.hvp(given, wrong),
    ]
    for call, wrong in itertools.product(calls, (1.0, [1.0], None)):
        with pytest.raises(TypeError, match=r"given by name, as in \{'x': 1.0\}, not as a "):
            call(wrong)


@pytest.mark.parametrize("engine", ["numpy", "c"])
def test_a_program_without_inputs(engine: Any) -> None:
    program = gradc.compile("J = 1 + 1", engine=engine)
    assert program.forward() == 2.0
    assert program.value_and_grad() == (2.0, {})
    assert program.prepared("value_and_grad", {})() == (2.0, {})
    assert program.jvp({}, {}) == (2.0, 0.0)
    still = gradc.compile("J = a*b", wrt=[], engine=engine)
    assert still.value_and_grad(a=2.0, b=3.0) == (6.0, {})
    assert still.prepared("value_and_grad", {"a": 2.0, "b": 3})() == (6.0, {})


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
        assert found.statements == []
        assert found.results == (Binary("*", Number(3.0), Name("x")), Number(3.0))

    def test_what_is_read_again_keeps_its_name(self) -> None:
        body = [
            Assign("f", Binary("*", Name("x"), Name("x"))),
            Assign("g", Binary("+", Name("f"), Name("x"))),
            Assign("h", Call("checked", (Name("x"),))),
        ]
        assert shortened(body, ["x"], ["f", "g", "h"]) == (
            [body[0], body[2]],
            (Name("f"), body[1].value, Name("h")),
        )
        assert shortened(body[:1], ["x"], ["f", "f"]) == (body[:1], (Name("f"), Name("f")))

    def test_a_whole_number_stays_one_where_nothing_is_a_float(self) -> None:
        body = [Assign("n", Binary("*", Name("k"), Number(2)))]
        assert shortened(body, [], ["n"]).results == (body[0].value,)
        large = [Assign("y", Binary("*", Name("x"), Number(2**53 + 1)))]
        assert shortened(large, ["x"], ["y"]).results == (large[0].value,)

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
