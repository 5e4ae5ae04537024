"""Loops: each program specifies one sentence of section 6.

Values are found by hand; derivatives in both modes are those of the interpreter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from agreement import Agreement, agree

import gradc

A = np.array([[1.0, 2.0, -1.0], [3.0, 4.0, 0.5]])
X = np.array([2.0, 3.0, 5.0, 7.0])

Case = tuple[str, dict[str, Any], dict[str, Any]]

RECURRENT = """
param W[H, H], U[H, D], bg[H], v[H], h0[H], s0[H]
input x[T, D]
loop t in T carry h = h0, s = s0 {
    g = sigmoid(W @ h + U @ x[t] + bg)
    s = g*s + (1-g)*h
    h = tanh(s)
    y[t] = dot(v, h)              # collected over t
}
J = sum(y) + dot(h, s)
"""


def recurrent_data(steps: int = 4) -> dict[str, Any]:
    random = np.random.default_rng(3)
    shapes = {"W": (2, 2), "U": (2, 3), "bg": (2,), "v": (2,), "h0": (2,), "s0": (2,)}
    data = {name: random.normal(size=shape) for name, shape in shapes.items()}
    return {**data, "x": random.normal(size=(steps, 3))}


ALL: dict[str, Case] = {
    "a count": (
        "param x0\nloop k in 5 carry x = x0 {\n  x = 2*x\n}",
        {"x0": 1.5},
        {"x": 48.0},
    ),
    "a recurrent network": (RECURRENT, recurrent_data(), {"J": None, "y": None, "h": None}),
    "the counter is a number": (
        "param a\nloop k in 4 carry s = 0 {\n  s = s + a*k\n  p[k] = a^k\n}",
        {"a": 2.0},
        {"s": 12.0, "p": [1.0, 2.0, 4.0, 8.0]},
    ),
    "a range as Python's": (
        "param a\nloop k in 2:5 carry s = 0 {\n  s = 10*s + a*k\n}\n"
        "loop l in 1:8:3 carry r = 0 {\n  r = 10*r + a*l\n}\n"
        "loop m in 5:0:-2 carry q = 0 {\n  q = 10*q + a*m\n}",
        {"a": 1.0},
        {"s": 234.0, "r": 147.0, "q": 531.0},
    ),
    "a range of no steps": (
        "param x[N], a\nloop k in 3:N carry s = a {\n  s = s*x[k]\n  y[k] = s\n}",
        {"x": [1.0, 2.0, 3.0], "a": 5.0},
        {"s": 5.0, "y": np.zeros(0)},
    ),
    "a range backwards": (
        "param x[N]\nloop k in N:0:-1 carry s = 0 {\n  s = s/2 + x[k-1]\n  y[k] = s\n}",
        {"x": X},
        {"s": 2 + (3 + (5 + 7 / 2) / 2) / 2, "y": [7, 8.5, 7.25, 5.625]},
    ),
    "a read before the assignment sees the previous value, one after it the new": (
        "param a\nloop k in 3 carry h = a, s = 0 {\n  s = s + h\n  h = h*2\n  y[k] = h\n}",
        {"a": 1.0},
        {"h": 8.0, "s": 7.0, "y": [2.0, 4.0, 8.0]},
    ),
    "carried quantities are assigned one after another": (
        "param a, b\nloop k in 5 carry x = a, y = b {\n  t = x + y\n  x = y\n  y = t\n}",
        {"a": 0.0, "b": 1.0},
        {"x": 5.0, "y": 8.0},
    ),
    "a carried quantity that is never assigned": (
        "param a\nloop k in 3 carry h = a, s = 0 {\n  s = s + h\n}\nJ = s*h",
        {"a": 2.0},
        {"s": 6.0, "h": 2.0, "J": 12.0},
    ),
    "a carried quantity assigned twice in a step": (
        "param a\nloop k in 2 carry h = a {\n  h = h + 1\n  u = h\n  h = h*u\n}",
        {"a": 1.0},
        {"h": 25.0},
    ),
    "no carried quantity": (
        "param x[N]\nloop k in N {\n  y[k] = x[k]^2\n}\nJ = sum(y)",
        {"x": X},
        {"y": X**2, "J": 87.0},
    ),
    "carried vectors and matrices": (
        "param A[N, N], x0[N]\nloop k in 3 carry x = x0, P = eye(N) {\n  x = A @ x\n  P = A @ P\n"
        "  Y[k] = x\n}",
        {"A": [[1.0, 1.0], [0.0, 2.0]], "x0": [1.0, 1.0]},
        {
            "x": [8.0, 8.0],
            "P": [[1.0, 7.0], [0.0, 8.0]],
            "Y": [[2.0, 2.0], [4.0, 4.0], [8.0, 8.0]],
        },
    ),
    "indexed definitions in the body": (
        "param u0[N]\nloop k in 2 carry u = u0 {\n"
        "  v[i in N] = (u[i-1] if i > 0 else 0) + u[i]\n  u = v\n}",
        {"u0": [1.0, 0.0, 0.0]},
        {"u": [1.0, 2.0, 1.0]},
    ),
    "a carried quantity may be assigned by an indexed definition": (
        "param u0[N]\nloop k in 2 carry u = u0 {\n  u[i in N] = (u[i-1] if i > 0 else 0) + u[i]\n}",
        {"u0": [1.0, 0.0, 0.0]},
        {"u": [1.0, 2.0, 1.0]},
    ),
    "several indices of what is collected": (
        "param A[N, M], a\nloop k in 2 carry s = a {\n  s = 2*s\n  Y[k, i, j] = s*A[i, j] + k\n"
        "  Z[k] = A[k]*s\n}",
        {"A": A, "a": 1.0},
        {
            "Y": [2 * A, 4 * A + 1],
            "Z": [2 * A[0], 4 * A[1]],
        },
    ),
    "loops in loops": (
        "param x[N]\nloop i in N carry s = 0 {\n"
        "  loop j in N carry p = 1 {\n    p = p*x[j] if j < i else p\n  }\n"
        "  s = s + p\n  q[i] = p\n}",
        {"x": X},
        {"s": 1 + 2 + 6 + 30, "q": [1, 2, 6, 30]},
    ),
    "what an inner loop collects is an array of the step": (
        "param x[N], a\nloop i in 2 carry s = a {\n  loop j in N carry p = s {\n    p = p + x[j]\n"
        "    row[j] = p\n  }\n  s = sum(row)\n  table[i] = row\n}",
        {"x": [1.0, 2.0], "a": 0.0},
        {"table": [[1.0, 3.0], [5.0, 7.0]], "s": 12.0},
    ),
    "three loops deep": (
        "param a\nloop i in 2 carry s = a {\n  loop j in 2 carry r = s {\n"
        "    loop k in 2 carry q = r { q = q*a + j }\n    r = r + q\n  }\n  s = s + r\n}",
        {"a": 1.0},
        {"s": None},
    ),
    "Newton's method stops early": (
        "param a\nloop k in 100 carry x = a, err = 1 while err > 1e-12 {\n  y = (x + a/x)/2\n"
        "  err = abs(y - x)\n  x = y\n}\nJ = x",
        {"a": 2.0},
        {"J": math.sqrt(2)},
    ),
    "a loop that stops before its first step": (
        "param a\nloop k in 10 carry x = a while x < 0 {\n  x = 2*x\n  y[k] = x\n}",
        {"a": 2.0},
        {"x": 2.0, "y": np.zeros(10)},
    ),
    "rows of steps that are not run are zeros": (
        "param a\nloop k in 5 carry r = a while r < 7 {\n  r = 2*r\n  w[k] = r\n  V[k] = [r, 1]\n}",
        {"a": 1.0},
        {
            "r": 8.0,
            "w": [2.0, 4.0, 8.0, 0.0, 0.0],
            "V": [[2.0, 1.0], [4.0, 1.0], [8.0, 1.0], [0.0, 0.0], [0.0, 0.0]],
        },
    ),
    "what a condition reads that never changes": (
        "param a, b\nloop k in 5 carry r = a while r < b {\n  r = r + k\n}",
        {"a": 1.0, "b": 4.0},
        {"r": 4.0},
    ),
    "a loop that stops in a loop": (
        "param a\nloop i in 3 carry s = a {\n  loop j in 9 carry r = s while r < 5*(i + 1) {\n"
        "    r = 1.5*r\n  }\n  s = r/2\n}",
        {"a": 1.0},
        {"s": None},
    ),
    "a carried quantity is an index": (
        "param x[N]\ninput next[N] in N, first in N\n"
        "loop t in 3 carry k = first, s = 0 {\n  s = 10*s + x[k]\n  k = next[k]\n}",
        {"x": X, "next": [2, 0, 3, 1], "first": 0},
        {"s": 257.0},
    ),
    "a condition in the body": (
        "param x[N]\nloop k in N carry s = 0 {\n  s = s + log(x[k]) if x[k] > 0 else s\n"
        "  y[k] = x[k-1] if k > 0 else 9\n}",
        {"x": [1.0, 0.0, np.e, -1.0]},
        {"s": 1.0, "y": [9.0, 1.0, 0.0, np.e]},
    ),
    "a function in the body": (
        "param a, b\ndef f(t, u) = sin(t)*u\nloop k in 3 carry s = a {\n  s = f(s, b) + f(b, s)\n}",
        {"a": 0.5, "b": 1.5},
        {"s": None},
    ),
    "a quantity of the program that is carried under another name": (
        "param h\nloop k in 3 carry g = h {\n  g = g*h\n}\nJ = g*h",
        {"h": 2.0},
        {"g": 16.0, "J": 32.0},
    ),
    "an explicit method for a differential equation": (
        "param y0, k\ndt = 0.125\nloop t in 8 carry y = y0 {\n  k1 = -k*y\n"
        "  k2 = -k*(y + dt*k1/2)\n  y = y + dt*k2\n}",
        {"y0": 1.0, "k": 2.0},
        {"y": (1 - 0.25 + 0.25**2 / 2) ** 8},
    ),
    "one loop after another": (
        "param x[N]\nloop i in N carry s = 0 {\n  s = s + x[i]\n  c[i] = s\n}\n"
        "loop j in N carry p = s {\n  p = p - c[j]\n}",
        {"x": [1.0, 2.0, 3.0]},
        {"c": [1.0, 3.0, 6.0], "p": -4.0},
    ),
}


@pytest.mark.parametrize("name", ALL)
def test_it_means(name: str) -> None:
    text, data, expected = ALL[name]
    known = {key: value for key, value in expected.items() if value is not None}
    agree(f"{text}\noutput {', '.join(expected)}", data, **known)


@pytest.mark.parametrize("every", ["1", "2", "3", "4", "100", "N"])
def test_checkpoints_change_no_number(every: str) -> None:
    plain = (
        "param x[N], a\nloop t in N carry h = a, s = x CHECK {\n"
        "  h = sin(h*x[t]) + dot(s, x)/9\n  s = s*h\n  y[t] = h*h\n}\nJ = sum(y) + h + sum(s)"
    )
    data = {"x": np.linspace(0.5, 1.5, 7), "a": 0.3}
    stored = gradc.compile(plain.replace("CHECK", ""))
    again = gradc.compile(plain.replace("CHECK", f"checkpoint {every}"))
    value, gradients = stored.value_and_grad(**data)
    other, recomputed = again.value_and_grad(**data)
    assert value == other
    for name, gradient in gradients.items():
        np.testing.assert_allclose(recomputed[name], gradient, rtol=1e-13)
    agree(plain.replace("CHECK", f"checkpoint {every}"), data)


def test_a_checkpoint_with_a_condition() -> None:
    text = (
        "param a\nloop k in 50 carry x = a, err = 1 while err > 1e-3 checkpoint 3 {\n"
        "  y = (x + a/x)/2\n  err = abs(y - x)\n  x = y\n  z[k] = x\n}\nJ = sum(z)"
    )
    agree(text, {"a": 9.0})


@pytest.mark.parametrize("steps", [0, 1, 2, 7])
def test_any_number_of_steps(steps: int) -> None:
    agree(RECURRENT + "output J", recurrent_data(steps))


@pytest.mark.parametrize(
    "name",
    [
        "a range backwards",
        "loops in loops",
        "a condition in the body",
        "Newton's method stops early",
    ],
)
def test_second_derivatives(name: str) -> None:
    text, data, expected = ALL[name]
    last = list(expected)[-1]
    total = f"sum({last}*{last})" if np.ndim(expected[last]) else f"{last}*{last}"
    Agreement(f"{text}\nTotal = {total}\noutput Total", data).check_hessian()


def test_second_derivatives_of_a_recurrent_network() -> None:
    Agreement(RECURRENT + "output J", recurrent_data(3)).check_hessian()


def test_second_derivatives_with_checkpoints() -> None:
    text = RECURRENT.replace("s = s0 {", "s = s0 checkpoint 2 {") + "output J"
    Agreement(text, recurrent_data(3)).check_hessian()


def test_a_loop_stays_a_loop() -> None:
    """The emitted code is as long for a million steps as for two."""
    text = "param a\nloop k in COUNT carry x = a {\n  x = sin(x) + k/1e6\n}"
    short = gradc.compile(text.replace("COUNT", "2")).python
    long = gradc.compile(text.replace("COUNT", "1000000")).python
    assert abs(len(long) - len(short)) < 100


WRONG = {
    "a local after the loop": "param a\nloop k in 3 carry h = a {\n  u = h*h\n  h = u\n}\nJ = u",
    "the counter after the loop": "param a\nloop k in 3 carry h = a {\n  h = h*h\n}\nJ = h*k",
    "a quantity assigned that is not carried": (
        "param a\ns = a\nloop k in 3 carry h = a {\n  s = s + h\n}"
    ),
    "a carried quantity that is there already": "param h\nloop k in 3 carry h = h {\n  h = 2*h\n}",
    "a carried quantity of another shape": (
        "param x[N]\nloop k in 3 carry h = x {\n  h = sum(x)\n}"
    ),
    "a scalar that becomes a vector": "param x[N]\nloop k in 3 carry h = 0 {\n  h = x*h\n}",
    "a range that is a real number": "param a\nloop k in a carry h = a {\n  h = h*2\n}",
    "a step of 0": "param a\nloop k in 0:3:0 carry h = a {\n  h = h*2\n}",
    "a condition that is a number": "param a\nloop k in 3 carry h = a while h {\n  h = h*2\n}",
    "a counter that is a quantity": "param k\nloop k in 3 carry h = k {\n  h = h*2\n}",
    "an assignment of the counter": "param a\nloop k in 3 carry h = a {\n  k = k + 1\n}",
    "an input inside": "param a\nloop k in 3 carry h = a {\n  input b\n  h = h*b\n}",
    "a function inside": "param a\nloop k in 3 carry h = a {\n  def f(t) = t\n  h = f(h)\n}",
    "a read of what is collected, in the loop": (
        "param a\nloop k in 3 carry h = a {\n  y[k] = h\n  h = sum(y)\n}"
    ),
    "an empty carry": "param a\nloop k in 3 carry {\n  h = a\n}",
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused(name: str) -> None:
    with pytest.raises(gradc.SourceError):
        gradc.compile(WRONG[name])


def test_an_access_out_of_range_in_a_step_is_an_error() -> None:
    text = "param x[N]\ninput next[N] in N\nloop t in N carry s = 0 {\n  s = s + x[next[t] + 1]\n}"
    with pytest.raises((gradc.InputError, IndexError)):
        gradc.compile(text).forward(x=[1.0, 2.0], next=[0, 1])
