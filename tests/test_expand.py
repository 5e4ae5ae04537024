"""Derivatives inside a program become equations, wherever they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from derivative_checks import Check, check_derivatives
from test_control_derivatives import graph_of

from gradc.ad.expand import expand
from gradc.ir.graph import Graph
from gradc.passes.verify import verify

SIZES = {"N": 3, "M": 2}
X = np.array([0.3, -0.7, 1.1])
A = np.array([[0.5, 0.2, -0.3], [1.0, -0.4, 0.6]])


def value(graph: Graph, data: dict[str, Any]) -> Any:
    """The one output, from the expanded graph."""
    expanded = expand(graph)
    verify(expanded)
    assert not {"grad", "jacobian", "hessian"} & set(str(expanded).split())
    (found,) = Check(SIZES).value(expanded, data).values()
    return found


CUBES = """
graph cubes(x: real[N]) -> (g: {type}) {{
  c: real[N] = ipow x {{n=3}}
  J: real = sum c {{axes=(0)}}
  J2: real = mul J J
  g: {type} = {request}
}}
"""


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_gradient_in_each_mode(mode: str) -> None:
    graph = graph_of(CUBES.format(type="real[N]", request=f'grad J2 x {{mode="{mode}"}}'))
    np.testing.assert_allclose(value(graph, {"x": X}), 6 * np.sum(X**3) * X**2, rtol=1e-14)
    check_derivatives(expand(graph), {"x": X}, SIZES, second=mode == "auto")


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_hessian_in_each_mode(mode: str) -> None:
    graph = graph_of(CUBES.format(type="real[N, N]", request=f'hessian J2 x {{mode="{mode}"}}'))
    expected = 18 * np.outer(X**2, X**2) + 12 * np.sum(X**3) * np.diag(X)
    np.testing.assert_allclose(value(graph, {"x": X}), expected, rtol=1e-13)
    check_derivatives(expand(graph), {"x": X}, SIZES, second=False)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_jacobian_of_matrices_in_each_mode(mode: str) -> None:
    graph = graph_of(f"""
graph products(A: real[M, N], x: real[N]) -> (T: real[M, M, M, N]) {{
  B: real[M, M] = contract A A {{spec="ik,jk->ij"}}
  T: real[M, M, M, N] = jacobian B A {{mode="{mode}"}}
}}
""")
    eye = np.eye(2)
    expected = np.einsum("im,jn->ijmn", eye, A) + np.einsum("jm,in->ijmn", eye, A)
    np.testing.assert_allclose(value(graph, {"A": A, "x": X}), expected, rtol=1e-14)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_derivatives_of_and_by_scalars(mode: str) -> None:
    by = graph_of(f"""
graph by(x: real[N], a: real) -> (d: real[N]) {{
  s: real = sin a
  y: real[N] = mul s x
  d: real[N] = jacobian y a {{mode="{mode}"}}
}}
""")
    np.testing.assert_allclose(value(by, {"x": X, "a": 0.4}), np.cos(0.4) * X, rtol=1e-14)
    of = graph_of(f"""
graph of(a: real) -> (h: real) {{
  s: real = sin a
  h: real = hessian s a {{mode="{mode}"}}
}}
""")
    np.testing.assert_allclose(value(of, {"a": 0.4}), -np.sin(0.4), rtol=1e-14)


def test_a_quantity_with_respect_to_itself_and_to_what_it_does_not_read() -> None:
    text = "graph g(x: real[N], a: real) -> (d: real[N{0}]) {{\n  d: real[N{0}] = {1}\n}}\n"
    mode = '{mode="reverse"}'
    same = graph_of(text.format(", N", f"jacobian x x {mode}"))
    np.testing.assert_array_equal(value(same, {"x": X, "a": 1.0}), np.eye(3))
    none = graph_of(text.format("", f"grad a x {mode}"))
    np.testing.assert_array_equal(value(none, {"x": X, "a": 1.0}), np.zeros(3))


def test_what_was_computed_may_be_differentiated_by() -> None:
    graph = graph_of("""
graph middle(x: real[N]) -> (g: real[N]) {
  u: real[N] = exp x
  v: real[N] = mul u x
  J%1: real[N] = mul v u
  J: real = sum J%1 {axes=(0)}
  g%1: real[N] = grad J u {mode="auto"}
  g: real[N] = mul g%1 2.0
}
""")
    np.testing.assert_allclose(value(graph, {"x": X}), 4 * X * np.exp(X), rtol=1e-14)


LOOP = """
  h: real, y: real[N] = loop a x {body=graph step(t: int, h%in: real, x: real[N]) -> \
(h%1: real, y%1: real) {
    v: real = gather x t {axes=(0)}
    w: real = mul v h%in
    h%1: real = sin w
    y%1: real = mul h%1 v
  } over (0, N, 1) carrying 1}
"""


def steps(x: np.ndarray, a: float) -> tuple[float, np.ndarray]:
    h, y = a, []
    for v in x:
        h = np.sin(v * h)
        y.append(h * v)
    return h, np.array(y)


def difference(function: Any, at: np.ndarray) -> np.ndarray:
    """The Jacobian by central differences, the elements of `at` last."""
    columns = []
    for unit in np.eye(at.size).reshape(at.size, *at.shape):
        d = [(function(at + h * unit) - function(at - h * unit)) / (2 * h) for h in (1e-3, 5e-4)]
        columns.append((4 * d[1] - d[0]) / 3)
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("checkpoint", ["", " checkpoint 2"])
def test_derivatives_through_a_loop(mode: str, checkpoint: str) -> None:
    loop = LOOP.replace("carrying 1", f"carrying 1{checkpoint}")
    head = "graph through(x: real[N], a: real) -> "
    jacobian = graph_of(
        f'{head}(T: real[N, N]) {{{loop}  T: real[N, N] = jacobian y x {{mode="{mode}"}}\n}}\n'
    )
    data = {"x": X, "a": 0.9}
    expected = difference(lambda x: steps(x, 0.9)[1], X)
    np.testing.assert_allclose(value(jacobian, data), expected, atol=1e-9)
    check_derivatives(expand(jacobian), data, SIZES, second=False)
    hessian = graph_of(
        f'{head}(T: real[N, N]) {{{loop}  T: real[N, N] = hessian h x {{mode="{mode}"}}\n}}\n'
    )
    gradient = graph_of(
        f'{head}(g: real[N]) {{{loop}  g: real[N] = grad h x {{mode="{mode}"}}\n}}\n'
    )
    expected = difference(lambda x: value(gradient, {**data, "x": x}), X)
    np.testing.assert_allclose(value(hessian, data), expected, atol=1e-9)


def test_a_gradient_of_a_gradient() -> None:
    graph = graph_of("""
graph twice(x: real[N], v: real[N]) -> (k: real[N]) {
  c: real[N] = exp x
  J: real = sum c {axes=(0)}
  g: real[N] = grad J x {mode="auto"}
  s: real = contract g v {spec="i,i->"}
  q: real = mul s J
  k: real[N] = grad q x {mode="auto"}
}
""")
    data = {"x": X, "v": np.array([1.0, 2.0, -1.0])}
    e = np.exp(X)
    expected = e * data["v"] * np.sum(e) + np.sum(e * data["v"]) * e
    np.testing.assert_allclose(value(graph, data), expected, rtol=1e-14)
    check_derivatives(expand(graph), data, SIZES)


DESCENT = """
graph slope(w: real[N], x: real[N]) -> (g: real[N]) {
  e: real[N] = sub w x
  c: real[N] = cos e
  J: real = sum c {axes=(0)}
  g: real[N] = grad J w {mode="auto"}
}

graph descent(w0: real[N], x: real[N], lr: real) -> (w: real[N]) {
  w: real[N] = loop w0 x lr {body=graph step(k: int, w%in: real[N], x: real[N], lr: real) -> \
(w%1: real[N]) {
    g: real[N] = call w%in x {graph=@slope}
    q: real[N] = mul g w%in
    J: real = sum q {axes=(0)}
    d: real[N] = grad J w%in {mode="auto"}
    m: real[N] = mul lr d
    w%1: real[N] = sub w%in m
  } over (0, M, 1) carrying 1}
}
"""


def test_gradients_in_functions_and_in_bodies() -> None:
    data = {"w0": X, "x": X[::-1].copy(), "lr": 0.1}
    w = data["w0"]
    for _ in range(2):
        e = w - data["x"]
        w = w - 0.1 * (-np.sin(e) - np.cos(e) * w)
    graph = graph_of(DESCENT)
    np.testing.assert_allclose(value(graph, data), w, rtol=1e-14)
    check_derivatives(expand(graph), data, SIZES)


def test_a_branch_that_is_not_taken_makes_no_gradient() -> None:
    graph = graph_of("""
graph log(t: real[N]) -> (l: real[N]) {
  l: real[N] = log t
}

graph branch(x: real[N]) -> (g: real[N]) {
  l: real[N] = call x {graph=@log}
  p: bool[N] = gt x 0.0
  s: real[N] = select p l x
  J: real = sum s {axes=(0)}
  g: real[N] = grad J x {mode="reverse"}
}
""")
    np.testing.assert_array_equal(value(graph, {"x": np.array([0.0, 2.0, -1.0])}), [1, 0.5, 1])


def test_what_asks_for_nothing_stays_the_same() -> None:
    graph = graph_of(f"graph plain(x: real[N], a: real) -> (h: real) {{{LOOP}}}\n")
    assert expand(graph) is graph
