"""Arrays that the Python interface hands out belong to the caller."""

from __future__ import annotations

import numpy as np

import gradc


def test_gradients_that_are_equal_are_separate_arrays() -> None:
    _, gradients = gradc.compile("param a[N], u[N]\nJ = sum(a + u)").value_and_grad(
        a=[1.0, 2.0], u=[3.0, 4.0]
    )
    gradients["a"][:] = 7.0
    assert gradients["u"].tolist() == [1.0, 1.0]


def test_an_output_that_is_an_input_is_not_the_caller_s_array() -> None:
    x = np.array([1.0, 2.0])
    y = gradc.compile("param x[N]\ny = x").forward(x=x)
    y[0] = 9.0
    assert x.tolist() == [1.0, 2.0]


def test_views_are_separated_too() -> None:
    a = np.arange(6.0).reshape(2, 3)
    program = gradc.compile("param A[N, M]\nB = A.T\nc = A[0]\noutput B, c")
    b, c = program.forward(A=a)
    b[:] = 0.0
    c[:] = 0.0
    assert a.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_values_and_tangents_are_separate() -> None:
    program = gradc.compile("param x[N]\ny = x")
    direction = np.ones(2)
    y, y_dot = program.jvp({"x": [1.0, 2.0]}, {"x": direction})
    y_dot[:] = 5.0
    assert direction.tolist() == [1.0, 1.0]
    assert y.tolist() == [1.0, 2.0]


def test_scalars_are_floats() -> None:
    value, gradients = gradc.compile("param x[N], b\nJ = b*sum(x)").value_and_grad(x=[1, 2], b=3)
    assert type(value) is float
    assert type(gradients["b"]) is float


def test_what_does_not_move_has_no_part_in_a_tangent() -> None:
    program = gradc.compile("z = x**y")
    assert program.jvp({"x": -2, "y": 2}, {"x": 1}) == (4.0, -4.0)
    assert program.hvp({"x": -2, "y": 2}, {"x": 1})["x"] == 2.0
