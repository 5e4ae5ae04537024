"""Loops and functions in emitted code: what is written, and that it computes what the graph says.

Programs are given as graphs, so that each form of a loop can be had without a derivative that
happens to need it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emitted_graphs import body_of, derivatives, emitted, forward, program_of, statements

from gradc.ir.read import read_graph
from gradc.targets.python.module import PythonModule

PLAIN = "condition=+none, counted=+false, backwards=+false, checkpoint=+none"


def loop(inputs: str, outputs: str, head: str, body: str, params: str = PLAIN) -> str:
    """A graph that is one loop: `head` is `results = loop operands`, `body` its graph."""
    return f"graph p({inputs}) -> ({outputs}) {{\n{head} {{body=graph b{body}, {params}}}\n}}"


RECURRENCE = loop(
    "x: real[T, D], W: real[H, H], U: real[H, D], h0: real[H], v: real[H]",
    "y: real[T], h: real[H]",
    "h: real[H], y: real[T] = loop h0 x W U v",
    """(t: int, h%in: real[H], x: real[T, D], W: real[H, H], U: real[H, D], v: real[H])
        -> (h%next: real[H], y%1: real) {
      h%1: real[H] = contract W h%in {spec="ij,j->i"}
      h%2: real[D] = gather x t {axes=(0)}
      h%3: real[H] = contract U h%2 {spec="ij,j->i"}
      h%4: real[H] = add h%1 h%3
      h%next: real[H] = tanh h%4
      y%1: real = contract v h%next {spec="i,i->"}
    }, range=(0, T, 1), carried=1""",
)

FIBONACCI = loop(
    "n: real",
    "a: real",
    "a: real, b: real = loop 0.0 n",
    """(t: int, a%in: real, b%in: real) -> (b%in: real, b%next: real) {
      b%next: real = add a%in b%in
    }, range=(0, 10, 1), carried=2""",
)

NEWTON = loop(
    "x: real, tol: real",
    "r: real, n: int",
    "r: real, n: int = loop x x tol",
    """(k: int, r%in: real, x: real, tol: real) -> (r%next: real) {
      r%1: real = div x r%in
      r%2: real = add r%in r%1
      r%next: real = div r%2 2.0
    }, range=(0, 100, 1), carried=1""",
    """condition=graph c(k: int, r%in: real, x: real, tol: real) -> (r%3: bool) {
      r%4: real = ipow r%in {n=2}
      r%5: real = sub r%4 x
      r%6: real = abs r%5
      r%3: bool = gt r%6 tol
    }, counted=+false, backwards=+false, checkpoint=+none""",
)

SUMS = loop(
    "x: real[N, M], i: int[N], w: real[M]",
    "s: real[M], c: real[M], d: real[M], z: real",
    "s: real[M], c: real[M], d: real[M], z: real = loop w w w 0.0 x i",
    """(t: int, s%in: real[M], c%in: real[M], d%in: real[M], z%in: real, x: real[N, M], i: int[N])
        -> (s%next: real[M], c%next: real[M], d%next: real[M], z%next: real) {
      r: real[M] = gather x t {axes=(0)}
      s%1: real[M] = sub s%in r
      s%2: real = gather r 0 {axes=(0)}
      s%3: real = mul s%2 2.0
      s%4: real[M] = embed s%3 {shape=(M), items=((0, at))}
      s%next: real[M] = add s%1 s%4
      c%1: int = gather i t {axes=(0)}
      c%2: real[M] = scatter_add z%in c%1 {shape=(M), axes=(0)}
      c%next: real[M] = add c%2 c%in
      d%1: real[N] = gather x c%1 {axes=(1)}
      d%2: real[M] = scatter_add d%1 i {shape=(M), axes=(0)}
      d%next: real[M] = sub d%in d%2
      z%next: real = add z%in 1.0
    }, range=(0, N, 1), carried=4""",
)

INNER = """q%3: real[M], z%1: real = loop q%in z%in x t {body=graph inner(
          u: int, q%1: real[M], z%2: real, x: real[N, M], t: int) -> (q%4: real[M], z%3: real) {
        e: real = gather x t u {axes=(0, 1)}
        z%3: real = add z%2 e
        q%5: real[M] = scatter_add e u {axes=(0), shape=(M)}
        q%4: real[M] = add q%1 q%5
      }, range=(0, M, 1), carried=2, PLAIN}""".replace("PLAIN", PLAIN)

NESTED = loop(
    "x: real[N, M], q0: real[M]",
    "q: real[M], z: real",
    "q: real[M], z: real = loop q0 0.0 x",
    f"""(t: int, q%in: real[M], z%in: real, x: real[N, M]) -> (q%3: real[M], z%1: real) {{
      {INNER}
    }}, range=(0, N, 1), carried=2""",
)

BACKWARDS = loop(
    "x: real[N], n: int",
    "s: real, y: real[(N//2)]",
    "s: real, y: real[(N//2)] = loop n 0.0 x",
    """(t: int, s%in: real, x: real[N]) -> (s%next: real, s%in: real) {
      s%1: real = gather x t {axes=(0)}
      s%2: real = mul s%in s%1
      s%next: real = add s%2 s%1
    }, range=(1, N, 2), carried=1""",
    "condition=+none, counted=+true, backwards=+true, checkpoint=+none",
)

ALIASES = loop(
    "a: real[N], b: real[N]",
    "p: real[N], q: real[N], s: real[N], o: real[3, N]",
    "p: real[N], q: real[N], s: real[N], o: real[3, N] = loop a b a b",
    """(t: int, p%in: real[N], q%in: real[N], s%in: real[N], b: real[N])
        -> (q%in: real[N], s%next: real[N], s%next: real[N], q%in: real[N]) {
      s%next: real[N] = add s%in b
    }, range=(0, 3, 1), carried=3""",
)

FUNCTIONS = """
graph softplus(t: real[N]) -> (softplus%1: real[N]) {
  softplus%2: real[N] = exp t
  softplus%1: real[N] = log1p softplus%2
}
graph rotate(r: real[3], x: real[3]) -> (y: real[3], theta: real) {
  theta: real = contract r r {spec="i,i->"}
  y%1: real[3] = mul theta x
  y: real[3] = add y%1 r
}
graph spread(N: real[M], k: real) -> (m: real[M]) {
  m%1: real = sum N {axes=(0)}
  m%2: real = div m%1 size(M)
  m%3: real = div m%2 k
  m: real[M] = broadcast m%3 {shape=(M), axes=()}
}
graph p(a: real[N], r: real[3], b: real[M]) -> (s: real[N], J: real, m: real[M]) {
  s%1: real[N] = call a {graph=@softplus}
  s: real[N] = add s%1 1.0
  u: real[3], theta: real = call r r {graph=@rotate}
  u2: real[3], theta2: real = call u r {graph=@rotate}
  m: real[M] = call b 0.0 {graph=@spread}
  J%1: real = sum u2 {axes=(0)}
  J: real = add J%1 theta
}
"""

SCALARS = loop(
    "x: real, a: real, b: real",
    "s: real",
    "h: real, s: real = loop a b x",
    """(t: int, h%in: real, s%in: real, x: real) -> (h%1: real, s%1: real) {
      h%2: real = mul x h%in
      h%1: real = tanh h%2
      s%2: real = mul h%1 h%1
      s%1: real = add s%in s%2
    }, range=(0, 1000, 1), carried=2""",
)

SCALAR_FUNCTION = """
graph settle(x: real) -> (y: real) {
  y: real = loop 1.0 x {body=graph b(t: int, y%in: real, x: real) -> (y%1: real) {
    y%2: real = mul x y%in
    y%1: real = sin y%2
  }, range=(0, 5, 1), carried=1, PLAIN}
}
graph p(x: real) -> (z: real) {
  z: real = loop 1.0 x {body=graph b(u: int, z%in: real, x: real) -> (z%2: real) {
    z%1: real = call z%in {graph=@settle}
    z%3: real = loop z%1 x {body=graph c(v: int, z%4: real, x: real) -> (z%6: real) {
      z%5: real = mul z%4 x
      z%6: real = cos z%5
    }, range=(0, 4, 1), carried=1, PLAIN}
    z%2: real = mul z%3 x
  }, range=(0, 3, 1), carried=1, PLAIN}
}""".replace("PLAIN", PLAIN)

GRAPHS = {
    "recurrence": RECURRENCE,
    "fibonacci": FIBONACCI,
    "newton": NEWTON,
    "sums": SUMS,
    "nested": NESTED,
    "backwards": BACKWARDS,
    "aliases": ALIASES,
    "functions": FUNCTIONS,
    "scalars": SCALARS,
    "scalar_function": SCALAR_FUNCTION,
}


def test_a_carried_quantity_has_one_name_and_is_assigned_where_it_is_computed() -> None:
    assert (
        statements(RECURRENCE)
        == """\
h = h0
y = np.empty(T)
for t in range(T):
    h = np.tanh(W @ h + U @ x[t])
    y[t] = v @ h"""
    )
    x, w, u, h, v = np.ones((3, 2)), 0.5 * np.eye(2), np.ones((2, 2)), np.zeros(2), np.ones(2)
    y, last = forward(RECURRENCE)(x, w, u, h, v)
    for t in range(3):
        h = np.tanh(w @ h + u @ x[t])
        assert y[t] == v @ h
    np.testing.assert_array_equal(last, h)


def test_values_that_need_one_another_are_assigned_together() -> None:
    assert (
        statements(FIBONACCI)
        == """\
a = 0.0
b = n
for _ in range(10):
    a, b = b, a + b"""
    )
    assert forward(FIBONACCI)(1.0) == 55.0


def test_a_loop_with_a_condition_stops_early_and_counts_its_steps() -> None:
    assert (
        statements(NEWTON)
        == """\
r = x
n = 0
for _ in range(100):
    if not abs(r * r - x) > tol:
        break
    r = (r + div(x, r)) / 2
    n += 1"""
    )
    root, steps = forward(NEWTON)(2.0, 1e-9)
    assert (root, steps) == (pytest.approx(2**0.5), 4)
    assert forward(NEWTON)(2.0, float("nan")) == (2.0, 0)


def test_what_is_added_to_an_array_is_added_in_place_to_one_of_its_own() -> None:
    assert (
        statements(SUMS)
        == """\
s = np.array(w)
c = np.array(w)
d = np.array(w)
z = 0.0
for t in range(N):
    r = x[t]
    s -= r
    s[0] += r[0] * 2
    c_1 = i[t]
    c[c_1] += z
    np.subtract.at(d, i, x[:, c_1])
    z = z + 1.0"""
    )
    x, i, w = np.arange(8.0).reshape(4, 2), np.array([1, 0, 1, 1]), np.ones(2)
    s, c, d, z = forward(SUMS)(x, i, w)
    np.testing.assert_array_equal(w, [1, 1])
    np.testing.assert_array_equal(s, [1 + 12, 1 - 16])
    np.testing.assert_array_equal(c, [2, 6])
    np.testing.assert_array_equal(d, [1 - 3 * 3 - 2, 1 - 3 * 13 - 10])
    assert z == 4


def test_nested_loops_add_to_one_array() -> None:
    assert (
        statements(NESTED)
        == """\
q = np.array(q0)
z = 0.0
for t in range(N):
    for u in range(M):
        e = x[t, u]
        z += e
        q[u] += e"""
    )
    x, q0 = np.arange(6.0).reshape(3, 2), np.ones(2)
    q, z = forward(NESTED)(x, q0)
    np.testing.assert_array_equal(q, 1 + x.sum(0))
    np.testing.assert_array_equal(q0, 1)
    assert z == x.sum()


def test_a_loop_backwards_keeps_the_rows_of_its_steps() -> None:
    assert (
        statements(BACKWARDS)
        == """\
s = 0.0
y = np.zeros(N // 2)
for t in reversed(range(1, N, 2)[:n]):
    y[(t - 1) // 2] = s
    s_1 = x[t]
    s = s * s_1 + s_1"""
    )
    s, y = forward(BACKWARDS)(np.arange(7.0), 2)
    assert s == 1 + 3
    np.testing.assert_array_equal(y, [3, 0, 0])


def test_no_array_is_changed_that_another_quantity_is() -> None:
    """`s` is `q` at the end of a step, so it is not added to in place."""
    assert (
        statements(ALIASES)
        == """\
p = a
q = b
s = a
o = np.empty((3, N))
for t in range(3):
    o[t] = q
    s = s + b
    p, q = q, s"""
    )


def test_what_a_loop_of_scalars_collects_for_its_derivative_is_a_list() -> None:
    text = derivatives(SCALARS)
    assert "numpy" not in text
    assert (
        body_of(text, "forward")
        == """\
h = a
s = b
hs = []
for t in range(1000):
    hs.append(h)
    h = math.tanh(x * h)
    s += h * h
return s, (x, h, hs)"""
    )
    assert (
        body_of(text, "reverse")
        == """\
x, h, hs = saved
da = 0.0
db = ds
dx = 0.0
for t in reversed(range(1000)):
    h_prev = hs[t]
    ds_1 = db * h
    dh_1 = div(da + ds_1 + ds_1, power(cosh(x * h_prev), 2))
    dx += dh_1 * h_prev
    da = dh_1 * x
    h = h_prev
return dx, da, db"""
    )


def test_lists_are_passed_to_functions_and_collected_by_loops() -> None:
    text = derivatives(SCALAR_FUNCTION)
    assert "numpy" not in text
    assert "def settle_forward(x: float) -> tuple[float, list]:" in text
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    value, (slope,) = namespace["value_and_grad"](1.2)
    step = 1e-6
    above, below = (namespace["forward"](1.2 + d)[0] for d in (step, -step))
    assert slope == pytest.approx((above - below) / (2 * step), rel=1e-6)
    assert value == namespace["tangent"](1.2, 1.0)[0]
    assert slope == pytest.approx(namespace["tangent"](1.2, 1.0)[1], rel=1e-12)


def test_a_quantity_that_is_an_output_is_an_array() -> None:
    collected = SCALARS.replace("-> (s: real)", "-> (y: real[1000])")
    collected = collected.replace("s: real = loop", "s: real, y: real[1000] = loop")
    collected = collected.replace("s%1: real) {", "s%1: real, h%2: real) {")
    assert "y = np.empty(1000)" in emitted(read_graph(collected))


def test_a_function_is_written_once_and_takes_the_sizes_that_it_needs() -> None:
    text = emitted(read_graph(FUNCTIONS))
    found = text[text.index("def softplus") : text.index("@np.errstate")].strip()
    assert (
        found
        == '''\
def softplus(t: np.ndarray) -> np.ndarray:
    """The value of softplus(t)."""
    return np.log1p(np.exp(t))


def rotate(r: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, float]:
    """Compute y, theta."""
    theta = r @ r
    y = theta * x + r
    return y, theta


def spread(N: np.ndarray, k: float, M: int) -> np.ndarray:
    """Compute m."""
    m = np.full(M, np.sum(N) / M / k)
    return m'''
    )
    assert (
        statements(FUNCTIONS)
        == """\
s = softplus(a) + 1
u, theta = rotate(r, r)
u2, _ = rotate(u, r)
m = spread(b, 0.0, M)
J = np.sum(u2) + theta"""
    )


NUMBERS = """
graph inverse(k: real) -> (i: real) {
  i: real = div 1.0 k
}
graph shifted(k: real, x: real) -> (i: real) {
  i%1: real = add x k
  i: real = div 1.0 i%1
}
graph p(x: real[N]) -> (a: real, b: real, c: real) {
  s: real = sum x {axes=(0)}
  a: real = call 0.0 {graph=@inverse}
  b: real = call 0.0 s {graph=@shifted}
  c: real = call size(N) s {graph=@shifted}
}
"""


def test_a_number_that_is_passed_to_a_function_divides_as_ieee_has_it() -> None:
    assert (
        statements(NUMBERS)
        == """\
s = np.sum(x)
a = inverse(np.float64(0.0))
b = shifted(0.0, s)
c = shifted(np.float64(N), s)"""
    )
    assert forward(NUMBERS)(np.zeros(2)) == (np.inf, np.inf, 0.5)


def test_a_thousand_functions_that_call_one_another_need_no_stack() -> None:
    calls = ["graph f0(x: real) -> (f: real) {\nf: real = sin x\n}"]
    for k in range(1, 3000):
        calls.append(
            f"graph f{k}(x: real) -> (f: real) {{\nf: real = call x {{graph=@f{k - 1}}}\n}}"
        )
    calls.append("graph p(x: real) -> (J: real) {\nJ: real = call x {graph=@f2999}\n}")
    graph = read_graph("\n".join(calls))
    module = PythonModule(program_of(graph), (), (graph,))
    module.name_all(None)
    assert [function.name for function in module.called.written[:3]] == ["f0", "f1", "f2"]


@pytest.mark.parametrize("command", [("format", "--diff"), ("check",)])
def test_ruff_has_nothing_to_say(command: tuple[str, ...], tmp_path: Path) -> None:
    for name, graph in GRAPHS.items():
        (tmp_path / f"{name}.py").write_text(emitted(read_graph(graph)), encoding="utf-8")
    for name in ("recurrence", "nested", "newton", "scalars", "scalar_function"):
        (tmp_path / f"d_{name}.py").write_text(derivatives(GRAPHS[name]), encoding="utf-8")
    run = [sys.executable, "-m", "ruff", *command, "--isolated", "--quiet", str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout + done.stderr == ""
