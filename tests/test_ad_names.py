"""Generated names never take a name that is read beside them, sizes included."""

from __future__ import annotations

import numpy as np
import pytest

import gradc

X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize("size", ["dJ", "dx", "x_dot", "J_dot", "dJ_1", "J_1", "saved", "np"])
def test_a_size_may_have_the_name_of_a_derivative(size: str) -> None:
    program = gradc.compile(f"input x[{size}]\nJ = sum(x*x) / {size}")
    value, gradients = program.value_and_grad(x=X)
    assert value == pytest.approx(14 / 3)
    np.testing.assert_allclose(gradients["x"], 2 * X / 3)
    assert program.jvp({"x": X}, {"x": [1, 0, 0]})[1] == pytest.approx(2 / 3)
    np.testing.assert_allclose(program.run(x=X).adjoints["x"], 2 * X / 3)


def test_an_adjoint_gives_way_to_a_quantity_of_the_authors() -> None:
    program = gradc.compile("da = 2*a; J = a*da")
    assert program.value_and_grad(a=3)[1] == {"a": 12.0}
    assert program.run(a=3).adjoints == {"J": 1.0, "da": 3.0, "a": 12.0}


@pytest.mark.parametrize(
    "name",
    [
        *("lambda", "None", "True", "np", "math", "self", "print", "exp", "div", "power", "float"),
        *("abs", "max", "forward", "reverse", "saved", "tuple", "int", "as_array", "l", "O", "I"),
        *(
            "θ",
            "été",
            "变量",
            "\N{SCRIPT SMALL L}",
            "__debug__",
            "x_dot",
            "dJ",
            "J_dot",
            "d",
            "_",
            "type",
            "trace",
        ),
    ],
)
@pytest.mark.parametrize("array", [False, True])
def test_any_name_is_a_quantity_in_either_kind_of_module(name: str, array: bool) -> None:
    other = "input k[M]\n" if array else ""
    also = " + sum(k)" if array else ""
    text = f"{other}input {name}, b\nJ = exp({name}) / b + {name}**5 * max({name}, b){also}"
    program = gradc.compile(text)
    (first, *_) = [var.name for var in program.graph.inputs if var.name not in ("k", "b")]
    data = {first: 2.0, "b": 3.0, **({"k": X} if array else {})}
    value, gradients = program.value_and_grad(**data)
    assert value == pytest.approx(np.exp(2) / 3 + 96 + (6 if array else 0))
    assert gradients[first] == pytest.approx(np.exp(2) / 3 + 80 * 3)
    assert gradients["b"] == pytest.approx(-np.exp(2) / 9 + 32)
    tangent = program.jvp(data, {first: 1})[1]
    assert tangent == pytest.approx(np.exp(2) / 3 + 240)
