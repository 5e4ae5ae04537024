"""Only the branch taken contributes: no NaN or infinity of another reaches a derivative.

Every program here has a finite value, and in a branch that is not taken something infinite.  Both
modes and the trace must give the derivative of what is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradc

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "elementwise": (
        "input x[N]\nJ = sum(where(x > 0, log(x), x*x))",
        {"x": [0.0, 1.0, -2.0]},
        {"x": [0.0, 1.0, -4.0]},
    ),
    "a named part": (
        "input x[N]\nl = log(x)\nJ = sum(where(x > 0.5, l*l, x*x))",
        {"x": [0.0, 1.0, 2.0]},
        {"x": [0.0, 0.0, np.log(2)]},
    ),
    "a part read by its own condition": (
        "l = log(x); J = l if l > 0 else 0",
        {"x": 0.0},
        {"x": 0.0},
    ),
    "a part whose sign is read too": (
        "l = log(x); J = (l if l > 0 else 0) + 3*sign(l)*x",
        {"x": 0.0},
        {"x": -3.0},
    ),
    "one part in two selections": (
        "input x[N]\nl = sqrt(x)\nJ = sum(where(x > 0.5, l, x)) + sum(where(x > 0.25, l*x, 3))",
        {"x": [0.0, 1.0, 4.0]},
        {"x": [1.0, 2.0, 3.25]},
    ),
    "one part in both branches": (
        "l = log(x); J = l*l if x > 1 else 3*l",
        {"x": 0.5},
        {"x": 6.0},
    ),
    "a quotient of two scalars in two selections of arrays": (
        "input c[N], s\nq = 1/s\nJ = sum(where(c > 0, q*ones(N), c)) + sum(where(c > 1, q*c, c))",
        {"c": [-1.0, -1.0], "s": 0.0},
        {"c": [2.0, 2.0], "s": 0.0},
    ),
    "a scalar in a branch of an array": (
        "input x[N], s\nl = log(s)\nm = l*l\nJ = sum(where(x > 0, x*m + l, x))",
        {"x": [-1.0, -2.0], "s": 0.0},
        {"x": [1.0, 1.0], "s": 0.0},
    ),
    "a scalar condition": (
        "input x[N], s\nJ = sum(log(x)) if s > 0 else s",
        {"x": [0.0, -2.0], "s": -1.0},
        {"x": [0.0, 0.0], "s": 1.0},
    ),
    "a scalar condition inside that of an array": (
        "input x[N], s\nl = log(s)\nJ = sum(where(x > 0, (l*x if s > 0 else x), s))",
        {"x": [0.5, -1.0, 3.0], "s": 0.0},
        {"x": [1.0, 0.0, 1.0], "s": 1.0},
    ),
    "the condition of an array inside that of a scalar": (
        "input x[N], s\nJ = sum(where(x > 0, log(x), x) if s > 0 else log(-x))",
        {"x": [0.0, -1.0, 2.0], "s": 1.0},
        {"x": [1.0, 1.0, 0.5], "s": 0.0},
    ),
    "nested": (
        "input x[N], y[N]\n"
        "J = sum(where(x > 0, where(y > 0, log(x)*log(y), log(x)), where(y > 0, log(y), 1)))",
        {"x": [0.0, 2.0, 2.0, 0.0], "y": [0.0, 0.0, 1.0, 4.0]},
        {"x": [0.0, 0.5, 0.0, 0.0], "y": [0.0, 0.0, np.log(2), 0.25]},
    ),
    "a transpose": (
        "input A[N, M]\nJ = sum(where(A.T > 0, log(A).T, 1)) + sum(A)",
        {"A": [[1.0, 0.0, 2.0], [0.0, -1.0, 4.0]]},
        {"A": [[2.0, 1.0, 1.5], [1.0, 1.0, 1.25]]},
    ),
    "a slice": (
        "input x[N]\nJ = sum(where(x[1:] > 0, log(x)[1:], x[:N-1]))",
        {"x": [0.0, 1.0, -1.0, 2.0]},
        {"x": [0.0, 2.0, 0.0, 0.5]},
    ),
    "a row": (
        "input A[N, M], c[M]\nJ = sum(where(c > 0, log(A)[0], c))",
        {"A": [[1.0, 0.0, 2.0], [0.0, -1.0, 3.0]], "c": [1.0, -1.0, 1.0]},
        {"A": [[1.0, 0.0, 0.5], [0.0, 0.0, 0.0]], "c": [0.0, 1.0, 0.0]},
    ),
    "one element": (
        "input x[N], y[N]\nJ = sum(where(y > 0, log(x)[0]*y, y))",
        {"x": [0.0, 1.0], "y": [-1.0, -2.0]},
        {"x": [0.0, 0.0], "y": [1.0, 1.0]},
    ),
    "a diagonal": (
        "input A[N, N], c[N]\nJ = sum(where(c > 0, diag(log(A)), c))",
        {"A": [[1.0, 0.0], [0.0, -1.0]], "c": [1.0, -1.0]},
        {"A": [[1.0, 0.0], [0.0, 0.0]], "c": [0.0, 1.0]},
    ),
    "a diagonal matrix": (
        "input x[N], C[N, N]\nJ = sum(where(C > 0, diag(log(x)), C))",
        {"x": [0.0, 2.0], "C": [[-1.0, 1.0], [1.0, 1.0]]},
        {"x": [0.0, 0.5], "C": [[1.0, 0.0], [0.0, 0.0]]},
    ),
    "another shape": (
        "input A[N, M], c[N*M]\nJ = sum(where(c > 0, reshape(log(A), N*M), c))",
        {"A": [[1.0, 0.0], [0.0, -1.0]], "c": [1.0, -1.0, -1.0, -1.0]},
        {"A": [[1.0, 0.0], [0.0, 0.0]], "c": [0.0, 1.0, 1.0, 1.0]},
    ),
    "arrays joined": (
        "input x[N], y[M], c[N + M]\nJ = sum(where(c > 0, concat(log(x), log(y)), c))",
        {"x": [1.0, 0.0], "y": [0.0, 2.0], "c": [1.0, -1.0, -1.0, 1.0]},
        {"x": [1.0, 0.0], "y": [0.0, 0.5], "c": [0.0, 1.0, 1.0, 0.0]},
    ),
    "arrays stacked": (
        "input x[N], y[N], C[2, N]\nJ = sum(where(C > 0, stack(log(x), log(y)), C))",
        {"x": [1.0, 0.0], "y": [0.0, 2.0], "C": [[1.0, -1.0], [-1.0, 1.0]]},
        {"x": [1.0, 0.0], "y": [0.0, 0.5], "C": [[0.0, 1.0], [1.0, 0.0]]},
    ),
    "a product with a matrix": (
        "input A[N, M], x[M], c[N]\nJ = sum(where(c > 0, log(A) @ x, c))",
        {"A": [[1.0, 2.0], [0.0, 3.0]], "x": [1.0, 2.0], "c": [1.0, -1.0]},
        {"A": [[1.0, 1.0], [0.0, 0.0]], "x": [0.0, np.log(2)], "c": [0.0, 1.0]},
    ),
    "a product of which nothing is taken": (
        "input A[N, M], x[M], c[N]\nJ = sum(where(c > 0, log(A) @ x, c))",
        {"A": [[1.0, 0.0], [0.0, 3.0]], "x": [1.0, 2.0], "c": [-1.0, -1.0]},
        {"A": [[0.0, 0.0], [0.0, 0.0]], "x": [0.0, 0.0], "c": [1.0, 1.0]},
    ),
    "a softmax of which nothing is taken": (
        "input x[N], c[N]\nJ = sum(where(c > 0, softmax(log(x)), c))",
        {"x": [1.0, -1.0], "c": [-1.0, -1.0]},
        {"x": [0.0, 0.0], "c": [1.0, 1.0]},
    ),
    "a reduction of which nothing is taken": (
        "input x[N], c[N]\nJ = sum(where(c > 0, max(log(x))*prod(log(x))*norm(x)*x, c))",
        {"x": [0.0, 0.0], "c": [-1.0, -1.0]},
        {"x": [0.0, 0.0], "c": [1.0, 1.0]},
    ),
    "a sum over another shape": (
        "input x[N], A[M, M], s\nt = sum(x*s)\nJ = trace(where(A + t > 0, A*t, s*x[0]))",
        {"x": [1.0, 2.0, 3.0], "A": [[2.0, 0.0], [0.0, -20.0]], "s": 1.0},
        {"x": [3.0, 2.0, 2.0], "A": [[6.0, 0.0], [0.0, 0.0]], "s": 13.0},
    ),
    "a power": ("J = x**p if x > 0 else p", {"x": 0.0, "p": -1.0}, {"x": 0.0, "p": 1.0}),
}


@pytest.mark.parametrize("name", CASES)
def test_only_the_branch_taken_counts(name: str) -> None:
    text, data, expected = CASES[name]
    program = gradc.compile(text)
    value, gradients = program.value_and_grad(**data)
    assert np.isfinite(value)
    evaluation = program.run(**data)
    for one, gradient in expected.items():
        np.testing.assert_allclose(gradients[one], gradient, rtol=1e-14)
        np.testing.assert_allclose(evaluation.adjoints[one], gradient, rtol=1e-14)
        alone = gradc.compile(text, [one])
        shape = np.shape(gradient)
        for index in np.ndindex(shape):
            unit = np.zeros(shape)
            unit[index] = 1.0
            tangent = alone.jvp(data, {one: unit if shape else 1.0})[1]
            assert tangent == pytest.approx(np.asarray(gradient)[index], rel=1e-14)


def test_an_output_that_is_in_a_branch_too() -> None:
    program = gradc.compile("input x, s\noutput l, J\nl = log(x)\nJ = 3*l if s > 0 else 0")
    blocks = program.jacobian(x=2.0, s=-1.0).blocks
    assert (float(blocks["l", "x"]), float(blocks["J", "x"])) == (0.5, 0.0)


def test_nothing_is_selected_twice() -> None:
    """A derivative that is zero already where a branch is not taken is left as it is."""
    both = gradc.compile("J = where(x > 0, x^2, 3*x)").python.split("def reverse")[1]
    assert both.split("def tangent")[0].count(" if ") == 2
    linear = gradc.compile("input W[N, M], x[M]\nz = W @ x\nJ = sum(where(z > 0, z, 0))", ["W"])
    assert linear.python.split("def reverse")[1].split("def tangent")[0].count("where(") <= 2


def test_many_selections_and_many_uses() -> None:
    lines = ["l = log(x)"]
    lines += [f"y{i} = l*{i} if x > {i} else x" for i in range(300)]
    lines.append("J = " + " + ".join(f"y{i}" for i in range(300)))
    _, gradients = gradc.compile("\n".join(lines)).value_and_grad(x=-1.0)
    assert gradients == {"x": 300.0}


def test_an_element_that_only_the_other_branch_reads_has_no_derivative() -> None:
    program = gradc.compile("param x[N]\na = 1/x\nJ = a[0] if x[0] > 0 else a[2]")
    _, gradients = program.value_and_grad(x=[0.0, 0.0, 4.0])
    assert gradients["x"].tolist() == [0.0, 0.0, -0.0625]
    _, gradients = program.value_and_grad(x=[2.0, 0.0, 0.0])
    assert gradients["x"].tolist() == [-0.25, 0.0, 0.0]
