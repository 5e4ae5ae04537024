"""Calls and loops in branches: what is not taken reaches no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from c_compiling import needs_cc
from derivative_checks import Check
from test_control_derivatives import graph_of

import gradc
from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp

LOG = """
graph safe(t: real) -> (l: real) {
  l: real = log t
}

graph both(t: real[N]) -> (l: real[N], r: real[N]) {
  l: real[N] = log t
  r: real[N] = div 1.0 t
}

graph outer(t: real[N]) -> (m: real[N]) {
  l: real[N], r: real[N] = call t {graph=@both}
  m: real[N] = mul l r
}

graph partials(t: real[N]) -> (dt: real[N]) {
  dt: real[N] = div 1.0 t
}
"""

SUMS = """
  h: real, y: real[N] = loop 0.0 x {body=graph step(t: int, h%in: real, x: real[N]) -> \
(h%1: real, y%1: real) {
    v: real = gather x t {axes=(0)}
    l: real = log v
    h%1: real = add h%in l
    y%1: real = mul l v
  } over (0, N, 1) carrying 1}
"""

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a call": (
        "(x: real) -> (J: real) {\n  p: bool = gt x 0.0\n  l: real = call x {graph=@safe}\n"
        "  J: real = select p l x\n}",
        {"x": 0.0},
        {"x": 1.0},
    ),
    "what a call is given": (
        "(x: real) -> (J: real) {\n  p: bool = gt x 0.0\n  q: real = div 1.0 x\n"
        "  l: real = call q {graph=@safe}\n  J: real = select p l x\n}",
        {"x": 0.0},
        {"x": 1.0},
    ),
    "elements of a call": (
        "(x: real[N]) -> (J: real) {\n  p: bool[N] = gt x 0.0\n"
        "  l: real[N], r: real[N] = call x {graph=@both}\n  m: real[N] = mul l r\n"
        "  s: real[N] = select p m x\n  J: real = sum s {axes=(0)}\n}",
        {"x": [0.0, 1.0, 2.0]},
        {"x": [1.0, 1.0, (1 - np.log(2)) / 4]},
    ),
    "elements of what a call is given": (
        "(x: real[N]) -> (J: real) {\n  p: bool[N] = gt x 0.0\n  q: real[N] = sqrt x\n"
        "  m: real[N] = call q {graph=@outer}\n  s: real[N] = select p m x\n"
        "  J: real = sum s {axes=(0)}\n}",
        {"x": [0.0, 1.0, 4.0]},
        {"x": [1.0, 0.5, (1 - np.log(2)) / 16]},
    ),
    "elements of a call with the author's derivative": (
        "(x: real[N]) -> (J: real) {\n  p: bool[N] = gt x 0.0\n  q: real[N] = sqrt x\n"
        "  m: real[N] = call q {graph=@log, partials=@partials}\n"
        "  s: real[N] = select p m x\n  J: real = sum s {axes=(0)}\n}",
        {"x": [0.0, 1.0, 4.0]},
        {"x": [1.0, 0.5, 0.125]},
    ),
    "a loop": (
        f"(x: real[N], c: real) -> (J: real) {{{SUMS}  p: bool = gt c 0.0\n"
        "  J: real = select p h c\n}",
        {"x": [0.0, 1.0], "c": -1.0},
        {"x": [0.0, 0.0], "c": 1.0},
    ),
    "a loop that is taken": (
        f"(x: real[N], c: real) -> (J: real) {{{SUMS}  p: bool = gt c 0.0\n"
        "  J: real = select p h c\n}",
        {"x": [0.5, 1.0], "c": 1.0},
        {"x": [2.0, 1.0], "c": 0.0},
    ),
    "rows of a loop": (
        f"(x: real[N]) -> (J: real) {{{SUMS}  p: bool[N] = gt x 0.0\n"
        "  s: real[N] = select p y x\n  J: real = sum s {axes=(0)}\n}",
        {"x": [0.0, 1.0, -1.0]},
        {"x": [1.0, 1.0, 1.0]},
    ),
    "one result in a branch, and one outside": (
        "(x: real) -> (J: real) {\n  a: real, b: real = loop x x {body=graph step(t: int, "
        "a%in: real, b%in: real) -> (a%1: real, b%1: real) {\n    a%1: real = mul a%in 2.0\n"
        "    b%1: real = mul b%in 3.0\n  } over (0, 1, 1) carrying 2}\n"
        "  l: real = call a {graph=@safe}\n  p: bool = gt x 5.0\n"
        "  s: real = select p l x\n  J: real = add s b\n}",
        {"x": 1.0},
        {"x": 4.0},
    ),
    "elements of a carried quantity": (
        "(x: real[N]) -> (J: real) {\n  h: real[N] = loop x x {body=graph step(t: int, "
        "h%in: real[N], x: real[N]) -> (h%1: real[N]) {\n    q: real[N] = sqrt h%in\n"
        "    h%1: real[N] = mul q x\n  } over (0, 2, 1) carrying 1}\n"
        "  p: bool[N] = gt x 0.0\n  s: real[N] = select p h x\n"
        "  J: real = sum s {axes=(0)}\n}",
        {"x": [0.0, 1.0, 4.0, -1.0]},
        {"x": [1.0, 1.75, 1.75 * 4.0**0.75, 1.0]},
    ),
    "a loop in a branch of another": (
        "(x: real[N], c: real[N]) -> (J: real) {\n  J: real = loop 0.0 x c {body=graph outer("
        "i: int, J%in: real, x: real[N], c: real[N]) -> (J%1: real) {\n"
        f"{SUMS}"
        "    d: real = gather c i {axes=(0)}\n    p: bool = gt d 0.0\n"
        "    s: real = select p h d\n    J%1: real = add J%in s\n"
        "  } over (0, N, 1) carrying 1}\n}",
        {"x": [0.0, 1.0], "c": [-1.0, -2.0]},
        {"x": [0.0, 0.0], "c": [1.0, 1.0]},
    ),
}


def _unit(like: Any, index: tuple[int, ...]) -> Any:
    unit = np.zeros_like(like, float)
    unit[index] = 1.0
    return unit


@pytest.mark.parametrize("name", CASES)
def test_only_the_branch_taken_counts(name: str) -> None:
    text, data, expected = CASES[name]
    functions = LOG + "\ngraph log(t: real[N]) -> (l: real[N]) {\n  l: real[N] = log t\n}\n\n"
    graph = graph_of(f"{functions}graph main{text}\n")
    check = Check({"N": np.size(data["x"])})
    derived = vjp(graph, graph.inputs)
    found = check.value(derived.graph, {**data, derived.seeds[0].name: 1.0})
    for var, adjoint in zip(graph.inputs, derived.adjoints, strict=True):
        np.testing.assert_allclose(found[adjoint.name], expected[var.name], rtol=1e-14)
    forward = jvp(graph, graph.inputs)
    for var, seed in zip(graph.inputs, forward.seeds, strict=True):
        for index in np.ndindex(np.shape(data[var.name])):
            still = {s.name: np.zeros_like(data[s.name[:-4]], float) for s in forward.seeds}
            tangents = {**still, seed.name: _unit(data[var.name], index)}
            found = check.value(forward.graph, {**data, **tangents})
            expect = np.asarray(expected[var.name])[index]
            np.testing.assert_allclose(found[forward.tangents[0].name], expect, rtol=1e-14)


# Quantities that are computed outside, and read in a branch within a loop or a function.
READ_WITHIN = {
    "a loop": "y = sqrt(x)\nloop t in N carry s = 0.0 {\n"
    "  s = s + (y[t] if x[t] > 0 else 1.0)\n}\nJ = s",
    "what a loop collected": "loop t in N carry n = 0.0 {\n  y[t] = sqrt(x[t])\n}\n"
    "loop t in N carry s = 0.0 {\n  s = s + (y[t] if x[t] > 0 else 1.0)\n}\nJ = s",
    "a function": "def f(a, b) = a if b > 0 else 1.0\nJ = f(sqrt(x[0]), x[0]) + f(sqrt(x[1]), x[1])"
    " + f(sqrt(x[2]), x[2])",
    "a function for each element": "def f(a, b) = a if b > 0 else 1.0\ny = sqrt(x)\n"
    "z[i] = f(y[i], x[i])\nJ = sum(z)",
    "a function of a function": "def f(a, b) = a if b > 0 else 2.0\n"
    "def g(a, b) = f(2*a, b)/2\ny = sqrt(x)\nz[i] = g(y[i], x[i])\nJ = sum(z)",
    "a product in a loop": "u = log(x)\ny = u*u\nloop t in N carry s = 0.0 {\n"
    "  s = s + (sqrt(exp(y[t]*0 + u[t])) if x[t] > 0 else 1.0)\n}\nJ = s",
}


@pytest.mark.parametrize("text", READ_WITHIN.values(), ids=READ_WITHIN)
def test_what_branches_within_do_not_read_reaches_no_derivative(text: str) -> None:
    program = gradc.compile(f"param x[N]\n{text}\n")
    x = np.array([1.0, -1.0, 4.0])
    value, gradient = program.value_and_grad(x=x)
    assert value == pytest.approx(4.0)
    np.testing.assert_allclose(gradient["x"], [0.5, 0.0, 0.25])
    for n in range(3):
        tangent = program.jvp({"x": x}, {"x": np.eye(3)[n]})[1]
        assert tangent == pytest.approx(gradient["x"][n])


STEPS = {
    "numbers": "loop t in 2 carry f = e {\n  f = sin(sqrt(f) if f >= 0.1 else sqrt(-f))\n}\nJ = f",
    "arrays": "loop t in 2 carry f = ones(3)*e {\n  f = sin(sqrt(f) if f >= 0.1 else sqrt(-f))\n}\n"
    "J = f[0]",
    "a function": "def root(t) = sqrt(t) if t >= 0.1 else sqrt(-t)\n"
    "loop t in 2 carry f = e {\n  f = sin(root(f))\n}\nJ = f",
    "blocks of steps": "loop t in 3 carry f = e checkpoint 2 {\n"
    "  f = sin(log(f) + 1 if f > 0 else log(-f))\n}\nJ = f",
}


@pytest.mark.parametrize("text", STEPS.values(), ids=STEPS)
def test_second_derivatives_of_steps_with_branches(text: str) -> None:
    """In reverse mode twice, which keeps what both branches computed."""
    program = gradc.compile(f"param e\n{text}\n")
    (found,) = program.hessian(e=0.67).blocks.values()
    h = 1e-5
    ahead, behind = (program.value_and_grad(e=0.67 + s)[1]["e"] for s in (h, -h))
    assert float(found) == pytest.approx((ahead - behind) / (2 * h), rel=1e-6)
    assert program.hvp({"e": 0.67}, {"e": 1.0})["e"] == pytest.approx(float(found), rel=1e-10)


ZERO_BY_CHANCE = {
    "a function": "def f(u) = u*u if u > -1 else 0\nJ = f(log(x))",
    "a loop": "y = log(x)\nloop t in 2 carry c = 0 {\n  c = c + (y*y/2 if y > -1 else 0)\n}\nJ = c",
    "elements": "y = log(ones(3)*x)\nloop t in 3 carry c = 0 {\n"
    "  c = c + (y[t]*y[t]/3 if y[t] > -1 else 0)\n}\nJ = c",
    "what a loop collected": "loop t in 3 carry n = 0.0 {\n  y[t] = log(x)\n}\n"
    "loop t in 3 carry c = 0 {\n  c = c + (y[t]*y[t]/3 if y[t] > -1 else 0)\n}\nJ = c",
}


@pytest.mark.parametrize("text", ZERO_BY_CHANCE.values(), ids=ZERO_BY_CHANCE)
def test_second_derivatives_where_an_adjoint_is_zero_by_chance(text: str) -> None:
    """That of the square of a logarithm at 1, where the adjoint of the logarithm is 0."""
    program = gradc.compile(f"param x\n{text}\n")
    assert program.value_and_grad(x=1.0) == (0.0, {"x": 0.0})
    (found,) = program.hessian(x=1.0).blocks.values()
    assert float(found) == pytest.approx(2.0)
    twice = gradc.compile(
        f"param x\n{text}\nd = grad(J, x, mode=reverse)\nz = grad(d, x, mode=reverse)\n"
    )
    assert twice.forward(x=1.0) == pytest.approx(2.0)


@pytest.mark.parametrize("engine", ["numpy", pytest.param("c", marks=needs_cc)])
def test_infinite_operands_that_branches_within_do_not_read(engine: str) -> None:
    program = gradc.compile(
        "param x[N]\ny = 1/x\nl = log(x)\nloop t in N carry s = 0.0 {\n"
        "  s = s + (y[t]*l[t] if x[t] > 0 else 1.0)\n}\nJ = s",
        engine=engine,
    )
    x = np.array([1.0, 0.0, -2.0, 4.0])
    last = [(1 - np.log(4)) / 16, (2 * np.log(4) - 3) / 64]
    value, gradient = program.value_and_grad(x=x)
    assert value == pytest.approx(2 + np.log(4) / 4)
    np.testing.assert_allclose(gradient["x"], [1.0, 0.0, 0.0, last[0]])
    product = program.hvp({"x": x}, {"x": np.ones(4)})["x"]
    np.testing.assert_allclose(product, [-3.0, 0.0, 0.0, last[1]])
