"""Functions of the author's: each program specifies one sentence of section 5.

Values are found by hand; derivatives in both modes are those of the interpreter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreement import Agreement, agree

import gradc

A = np.array([[1.0, 2.0, -1.0], [3.0, 4.0, 0.5]])
X = np.array([2.0, 3.0, 5.0, 7.0])

Case = tuple[str, dict[str, Any], dict[str, Any]]

ROTATE = """
def rotate(r[3], x[3]) {
    theta2 = dot(r, r)
    theta = sqrt(theta2)
    w = r / theta
    cross = [w[1]*x[2] - w[2]*x[1], w[2]*x[0] - w[0]*x[2], w[0]*x[1] - w[1]*x[0]]
    y = x*cos(theta) + cross*sin(theta) + w*(dot(w, x)*(1 - cos(theta)))
    return y
}
"""

ALL: dict[str, Case] = {
    "a formula": (
        "def softplus(t) = log1p(exp(t))\nJ = softplus(a) * softplus(0)",
        {"a": 1.0},
        {"J": np.log1p(np.e) * np.log(2)},
    ),
    "a body": (
        "def f(x, y) {\n  s = x + y\n  t = s * s\n  return t - x\n}\nJ = f(a, f(b, a))",
        {"a": 2.0, "b": 3.0},
        {"J": 24.0**2 - 2.0},
    ),
    "a body in one line": (
        "def f(x) { y = x*x; return y + 1 }\nJ = f(a)",
        {"a": 2.0},
        {"J": 5.0},
    ),
    "a function of vectors": (
        ROTATE + "param r[3], x[3]\nz = rotate(r, x)",
        {"r": [0.0, 0.0, np.pi / 2], "x": [1.0, 2.0, 3.0]},
        {"z": [-2.0, 1.0, 3.0]},
    ),
    "a function mapped over an index": (
        ROTATE
        + "param cam[C, 3], pt[P, 3]\ninput c[Q] in C, q[Q] in P\n"
        + "y[k] = rotate(cam[c[k]], pt[q[k]])",
        {
            "cam": [[0.0, 0.0, np.pi / 2], [0.0, np.pi, 0.0]],
            "pt": [[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]],
            "c": [0, 1, 1],
            "q": [0, 0, 1],
        },
        {"y": [[-2.0, 1.0, 3.0], [-1.0, 2.0, -3.0], [0.0, 1.0, 0.0]]},
    ),
    "one function for any shape": (
        "param a, x[N], A[N, M]\ndef f(t) = t*t/2 + 1\nu = f(a)\ny = f(x)\nB = f(A)\n"
        "z[i] = f(x[i]) + f(a)",
        {"a": 3.0, "x": [1.0, 2.0], "A": A},
        {"u": 5.5, "y": [1.5, 3.0], "B": A * A / 2 + 1, "z": [7.0, 8.5]},
    ),
    "one function for scalars beside arrays": (
        "param a, x[N]\ndef f(s, t) = s*t + s\ny = f(a, x) + f(x, a)",
        {"a": 3.0, "x": [1.0, 2.0]},
        {"y": [10.0, 17.0]},
    ),
    "a size of an argument is a number inside": (
        "param x[N], y[M]\ndef average(v[K]) = sum(v) / K\nJ = average(x) + average(y)",
        {"x": [1.0, 2.0], "y": X},
        {"J": 1.5 + 4.25},
    ),
    "indexed definitions inside": (
        "param x[N], A[N, M]\ndef size(v) = sum[i](v[i]^2)\n"
        "def scaled(v) {\n  w[i] = v[i] / (1 + i)\n  return w\n}\n"
        "y[n] = size(A[n])\ns = size(scaled(x))\nB[n] = scaled(A[n])",
        {"x": [1.0, 2.0], "A": A},
        {"y": [6.0, 25.25], "s": 2.0, "B": A / [1, 2, 3]},
    ),
    "functions call functions": (
        "def f(t) = sin(t)\ndef g(t) = f(t)^2 + f(2*t)\ndef h(t, u) = g(t) * f(u) + g(g(u))\n"
        "J = h(a, b)",
        {"a": 0.5, "b": 1.5},
        {"J": None},
    ),
    "a function reads what the program has defined": (
        "param x, w[N]\ny = 2*x\ndef f(t) = t*y + sum(w)\nz = f(x) + f(f(y))\ng = grad(z, y)",
        {"x": 3.0, "w": [1.0, 2.0]},
        {"z": 18.0 + 3 + 6 * (36 + 3) + 3},
    ),
    "locals of a function are its own": (
        "param s, t\ndef f(t) {\n  s = t + 1\n  return s*s\n}\nu = f(s) + f(t) + s",
        {"s": 1.0, "t": 2.0},
        {"u": 4.0 + 9.0 + 1.0},
    ),
    "a parameter hides a quantity": (
        "param x\ny = 3*x\ndef f(y) = y*y\nz = f(x) + y",
        {"x": 2.0},
        {"z": 10.0},
    ),
    "an argument that is not used": (
        "def f(t, u) = t*t\nJ = f(a, b) + b",
        {"a": 2.0, "b": 3.0},
        {"J": 7.0},
    ),
    "an argument that is returned": (
        "def f(t, u) = u\nJ = f(a, b) * b",
        {"a": 2.0, "b": 3.0},
        {"J": 9.0},
    ),
    "a constant function": (
        "def f(t) = 3\nJ = f(a) * a",
        {"a": 2.0},
        {"J": 6.0},
    ),
    "conditions inside": (
        "param x[N]\ndef f(t) = t*log(t) if t > 0 else 0\ny[i] = f(x[i])\nz = f(x)",
        {"x": [0.0, 1.0, np.e, -1.0]},
        {"y": [0.0, 0.0, np.e, 0.0], "z": [0.0, 0.0, np.e, 0.0]},
    ),
    "a call in a branch that is not taken": (
        "param x[N]\ndef f(t) = 1/t\ny[i in N] = f(x[i]) + f(x[i-1]) if i > 1 else x[i]",
        {"x": [0.0, 1.0, 2.0]},
        {"y": [0.0, 1.0, 1.5]},
    ),
    "a call inside a reduction": (
        "param X[N, D], c[K, D]\ndef distance(a, b) = sum[d]((a[d] - b[d])^2)\n"
        "J = sum[n](min[k](distance(X[n], c[k])))",
        {"X": [[0.0, 0.0], [4.0, 5.0], [1.0, 0.0]], "c": [[0.5, 0.0], [3.0, 3.0]]},
        {"J": 0.25 + 5.0 + 0.25},
    ),
    "an argument that is an index": (
        "param x[N]\ndef f(t, n) = t * n + t^2\ny[i] = f(x[i], i)",
        {"x": [1.0, 2.0, 3.0]},
        {"y": [1.0, 6.0, 15.0]},
    ),
    "linear algebra inside": (
        "param A[N, N], y[N]\ndef quadratic(M, v) = v @ solve(M, v)\nJ = quadratic(A, y)",
        {"A": [[2.0, 0.0], [0.0, 4.0]], "y": [2.0, 4.0]},
        {"J": 6.0},
    ),
    "a loop inside": (
        "def power(t, n) {\n  loop k in 5 carry p = 1 {\n    p = p*t + n\n  }\n  return p\n}\n"
        "J = power(a, b) + power(b, 0)",
        {"a": 2.0, "b": 1.0},
        {"J": 32.0 + 31.0 + 1.0},
    ),
    "a derivative inside": (
        "def slope(t) {\n  y = t^3\n  return grad(y, t)\n}\nJ = slope(a) * slope(slope(b))",
        {"a": 2.0, "b": 1.0},
        {"J": 12.0 * 27.0},
    ),
    "names of the target language": (
        "def lambda(None, np) = None * np\nJ = lambda(self, lambda(math, self))",
        {"self": 2.0, "math": 3.0},
        {"J": 12.0},
    ),
    "names of generated functions": (
        "def forward(t) = t*t\ndef reverse(t) = forward(t) + t\n"
        "def tangent(saved) = reverse(saved)\nJ = tangent(a)",
        {"a": 2.0},
        {"J": 6.0},
    ),
}

OWN: dict[str, Case] = {
    "of a scalar": (
        "def softplus(t) = log1p(exp(t)) with dt = sigmoid(t)\nJ = softplus(a)^2",
        {"a": 1.0},
        {"J": np.log1p(np.e) ** 2},
    ),
    "of each argument": (
        "def f(a, b) = a*b with da = 10*b, db = a^2\nJ = f(x, f(x, y))",
        {"x": 3.0, "y": 5.0},
        {"J": 45.0},
    ),
    "of a function with a body": (
        "def f(t) {\n  s = floor(t)\n  return s*s\n} with dt = 2*t\nJ = f(a) * a",
        {"a": 2.5},
        {"J": 10.0},
    ),
    "mapped over an index": (
        "param x[N]\ndef f(t) = floor(t) with dt = t\ny[i] = f(x[i]) + f(x[i] * x[0])",
        {"x": [1.5, 2.5]},
        {"y": [3.0, 5.0]},
    ),
    "of a scalar in a vector": (
        "param x[N]\ndef total(v) = sum(v) with dv = 2*v\nJ = total(x) * x[0]",
        {"x": [1.5, 2.5]},
        {"J": 6.0},
    ),
    "in a loop": (
        "def step(h, u) = floor(h + u) with dh = 0.5, du = h\n"
        "loop k in 3 carry h = a {\n  h = step(h, b) + h/4\n}",
        {"a": 1.5, "b": 0.75},
        {"h": None},
    ),
    "in a function": (
        "def f(t) = sign(t) with dt = 1 - tanh(t)^2\ndef g(t) = f(t)*t\nJ = g(a) + f(b)",
        {"a": 0.5, "b": -2.0},
        {"J": -0.5},
    ),
    "where it stops a derivative": (
        "def stop(t) = t with dt = 0\nJ = stop(a) * a",
        {"a": 3.0},
        {"J": 9.0},
    ),
}


def ending_in(text: str, expected: dict[str, Any]) -> str:
    declared = "param" in text
    return f"{text}\noutput {', '.join(expected)}" if declared else text


@pytest.mark.parametrize("name", ALL)
def test_it_means(name: str) -> None:
    text, data, expected = ALL[name]
    known = {key: value for key, value in expected.items() if value is not None}
    agree(ending_in(text, expected), data, **known)


@pytest.mark.parametrize("name", OWN)
def test_an_own_derivative(name: str) -> None:
    text, data, expected = OWN[name]
    known = {key: value for key, value in expected.items() if value is not None}
    agree(ending_in(text, expected), data, **known)


def test_own_derivatives_are_what_counts() -> None:
    text = "def f(a, b) = a*b with da = 10*b, db = a^2\nJ = f(x, y)"
    compiled = gradc.compile(text)
    _, gradients = compiled.value_and_grad(x=3.0, y=5.0)
    assert gradients == {"x": 50.0, "y": 9.0}
    assert compiled.jvp({"x": 3.0, "y": 5.0}, {"x": 1.0})[1] == 50.0
    assert compiled.jvp({"x": 3.0, "y": 5.0}, {"y": 1.0})[1] == 9.0


def test_second_derivatives_of_an_own_derivative_are_those_of_its_formula() -> None:
    text = "def f(t) = log1p(exp(t)) with dt = t^3\nJ = f(a)"
    assert gradc.compile(text).hessian(a=2.0).blocks["a", "a"] == 12.0


@pytest.mark.parametrize(
    "name",
    [
        "functions call functions",
        "a function of vectors",
        "indexed definitions inside",
        "a call inside a reduction",
        "a loop inside",
    ],
)
def test_second_derivatives(name: str) -> None:
    text, data, expected = ALL[name]
    last = list(expected)[-1]
    total = f"\nTotal = sum({last}*{last})" if np.ndim(expected[last]) else f"\nTotal = {last}^2"
    text = text + total + ("\noutput Total" if "param" in text else "")
    moved = {
        key: value if "c[Q]" in text and key in "cq" else np.asarray(value) + 0.1
        for key, value in data.items()
    }
    Agreement(text, moved).check_hessian()


def test_a_call_is_not_copied_into_its_callers() -> None:
    """A chain of functions, each calling the one before twice, stays short."""
    lines = ["def f0(t) = sin(t) + t*t/4"]
    lines += [f"def f{k + 1}(t) = f{k}(f{k}(t)/2)" for k in range(12)]
    compiled = gradc.compile("\n".join([*lines, "J = f12(a)"]))
    assert len(compiled.python) < 20_000
    _, gradients = compiled.value_and_grad(a=0.5)
    difference = (compiled.forward(a=0.5 + 1e-6) - compiled.forward(a=0.5 - 1e-6)) / 2e-6
    assert gradients["a"] == pytest.approx(difference, rel=1e-5)


WRONG = {
    "recursion": "def f(t) = f(t - 1)\nJ = f(a)",
    "recursion through another": "def f(t) = g(t)\ndef g(t) = f(t)\nJ = f(a)",
    "a use before the definition": "J = f(a)\ndef f(t) = 2*t",
    "too few arguments": "def f(t, u) = t*u\nJ = f(a)",
    "too many arguments": "def f(t) = t\nJ = f(a, b)",
    "a shape that it cannot take": "param x[N]\ndef f(t) = t @ t\nJ = f(x[0])",
    "a shape that the annotation excludes": "param x[2]\ndef f(t[3]) = sum(t)\nJ = f(x)",
    "two sizes for one name": "param x[N], y[M]\ndef f(t[K], u[K]) = dot(t, u)\nJ = f(x, y)",
    "two functions of one name": "def f(t) = t\ndef f(t) = 2*t\nJ = f(a)",
    "a parameter twice": "def f(t, t) = t\nJ = f(a, b)",
    "a body that returns nothing": "def f(t) {\n  s = t\n}\nJ = f(a)",
    "an own derivative of no parameter": "def f(t) = t with du = 1\nJ = f(a)",
    "an own derivative of only one": "def f(t, u) = t*u with dt = u\nJ = f(a, b)",
    "a name that is not there": "param a\ndef f(t) = t*undefined\nJ = f(a)",
    "assigning a parameter": "def f(t) {\n  t = t + 1\n  return t\n}\nJ = f(a)",
    "an input inside": "def f(t) {\n  input u\n  return t\n}\nJ = f(a)",
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name: str) -> None:
    with pytest.raises(gradc.SourceError):
        gradc.compile(WRONG[name])
