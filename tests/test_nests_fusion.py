"""Which loops nests are joined into, and that the results are those of the mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from nests_interpreter import run

import gradc
from gradc.ad.reverse import vjp
from gradc.ir.dims import Dim, product
from gradc.ir.graph import Lit
from gradc.nests.build import build
from gradc.nests.model import Buffer, For, Function, If, Invoke, Shared, SizeOf, Store
from gradc.nests.specialise import specialised
from gradc.nests.tables import integer
from gradc.nests.walk import buffers, every
from gradc.pipeline import prepared


def gradient(text: str, sizes: dict[str, int] | None = None) -> Function:
    """The value and the gradient of a program with one output, its seed being 1."""
    program = prepared(gradc.compile(text).program)
    found = vjp(program.graph, program.wrt())
    return build("f", specialised(found.graph, sizes or {}, {found.seeds[0]: Lit(1.0)}))


def loops_over(function: Function, size: str) -> list[For]:
    """The loops over a named size."""
    stop = SizeOf(Dim.of(size))
    return [stmt for stmt in every(function.body) if isinstance(stmt, For) and stmt.stop == stop]


LOGISTIC = """input X[N, D], y[N]
param w[D], b
z = X @ w + b
J = sum(log1pexp(z) - y*z)
"""
KMEANS = """input x[N, D]
param c[K, D]
J = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2)))
"""


def test_forward_and_reverse_sweep_go_through_the_data_once() -> None:
    function = gradient(LOGISTIC, {"D": 100})
    assert len(loops_over(function, "N")) == 1
    assert function.workspace.constant is not None  # nothing is as long as the data


def test_a_loss_of_many_elements_needs_no_memory() -> None:
    function = gradient("param x[N]\nJ = sum(exp(-x^2) * sin(x))\n")
    assert len(loops_over(function, "N")) == 1
    assert function.workspace.constant == 0


def test_what_does_not_attain_a_minimum_adds_nothing() -> None:
    function = gradient(KMEANS, {"D": 8, "K": 10})
    guards = [stmt for stmt in every(function.body) if isinstance(stmt, If)]
    assert guards
    random = np.random.default_rng(1)
    x, c = random.normal(size=(150, 8)), random.normal(size=(10, 8))
    value, slope = run(function, [x, c], {"N": 150})
    nearest = np.argmin(((x[:, None] - c) ** 2).sum(axis=-1), axis=1)
    expected = np.zeros((10, 8))
    np.add.at(expected, nearest, 2 * (c[nearest] - x))
    np.testing.assert_allclose(value, ((x - c[nearest]) ** 2).sum(), rtol=1e-13)
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-12)


PAIRS = """param x[N, 3]
d[i,j] = sum[k]((x[i, k] - x[j, k])^2)
J = sum[i in N, j in N](1/d[i, j] if i < j else 0)
"""


def test_what_is_computed_for_every_pair_is_added_up_where_it_is_computed() -> None:
    """Both ends of a pair get their part in one loop: no array has an element for each pair."""
    function = gradient(PAIRS)
    named = {each for stmt in every(function.body) for each in buffers(stmt)}
    sizes = {product(each.shape) for each in named if each.role == "scratch"}
    assert sizes <= {Dim.of("N"), Dim.of("N") * 3}
    x = np.random.default_rng(1).normal(size=(70, 3))
    _, gradient_x = run(function, [x], {"N": 70})
    expected = gradc.compile(PAIRS, engine="numpy").value_and_grad(x=x)[1]["x"]
    np.testing.assert_allclose(gradient_x, expected, rtol=1e-12)


def test_rows_that_are_read_often_are_packed() -> None:
    often = gradient(KMEANS, {"D": 8, "K": 10})
    rarely = gradient(KMEANS, {"D": 8, "K": 2})
    assert "x" in {buffer.name for buffer in stack_of(often)}
    assert "x" not in {buffer.name for buffer in stack_of(rarely)}


BLENDED = """input A[N, K, 4], s[N]
param M[K, R, 4]
z[n, i in R] = s[n]*sum[k, l](A[n, k, l]*M[k, i, l])
y = tanh(z)
"""


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"K": 5, "R": 2}, True),
        ({"K": 5, "R": 1}, False),  # read once
        ({"K": 4, "R": 2}, False),  # loops that are unrolled
        ({"K": 20, "R": 1}, False),
    ],
)
def test_within_loops_in_loops_rows_are_packed_that_are_read_twice(
    sizes: dict[str, int], expected: bool
) -> None:
    program = prepared(gradc.compile(BLENDED).program)
    function = build("f", specialised(program.graph, sizes))
    assert ("A" in {buffer.name for buffer in stack_of(function)}) == expected
    random = np.random.default_rng(3)
    for n in (0, 1, 63, 64, 131):
        a = random.normal(size=(n, sizes["K"], 4))
        s, m = random.normal(size=n), random.normal(size=(sizes["K"], sizes["R"], 4))
        if n:
            s[-1], a[0, 0, 1] = np.inf, np.nan
        (value,) = run(function, [a, s, m], {"N": n})
        with np.errstate(invalid="ignore"):
            wanted = np.tanh(s[:, None] * np.einsum("nkl,kil->ni", a, m))
        np.testing.assert_allclose(np.reshape(value, wanted.shape), wanted, rtol=1e-12, atol=1e-13)


ATTRACTION = """input m[N]
param p[N, D]
r[i, j] = sqrt(sum[d]((p[i, d] - p[j, d])^2) + 0.01)
J = sum[i, j](m[i]*m[j]/r[i, j])
"""


@pytest.mark.parametrize("axes", [3, None])
def test_rows_that_loops_add_to_are_summed_in_lanes(axes: int | None) -> None:
    function = gradient(ATTRACTION, None if axes is None else {"D": axes})
    into_rows = [
        stmt.target
        for stmt in every(function.body)
        if isinstance(stmt, Store) and stmt.op == "add" and len(stmt.target.buffer.shape) == 2
    ]
    in_lanes = [element for element in into_rows if element.buffer.shape[1].constant == 64]
    # Each pair (i, j) adds to both: to i in lanes, to j the sum of the lanes.
    assert len(into_rows) == 2
    assert len(in_lanes) == 1
    random = np.random.default_rng(5)
    for n in (0, 1, 2, 63, 64, 65, 130):
        for d in (3,) if axes else (0, 1, 3):
            m, p = random.normal(size=n), random.normal(size=(n, d))
            apart = p[:, None] - p
            cubes = ((apart**2).sum(axis=2) + 0.01) ** 1.5
            wanted = -2 * ((m[:, None] * m / cubes)[:, :, None] * apart).sum(axis=1)
            found = run(function, [m, p], {"N": n, "D": d})[-1]
            np.testing.assert_allclose(
                np.reshape(found, wanted.shape), wanted, rtol=1e-9, atol=1e-9
            )


def test_rows_that_the_loop_reads_by_another_index_stay_where_they_are() -> None:
    text = """input X[N, K, D]
y[n, d] = sum[k](exp(X[n, k, d]))
z[n] = sum[d](y[n, d]*y[n, D - 1 - d])
J = sum(z)
"""
    program = prepared(gradc.compile(text).program)
    function = build("f", program.graph)
    x = np.random.default_rng(6).normal(size=(70, 5, 3))
    y = np.exp(x).sum(axis=1)
    (value,) = run(function, [x], {"N": 70, "K": 5, "D": 3})
    assert value == pytest.approx((y * y[:, ::-1]).sum(), rel=1e-12)


def stack_of(function: Function) -> set[Buffer]:
    """The buffers of fixed size that a function has for its blocks."""
    return {
        buffer
        for stmt in every(function.body)
        for buffer in buffers(stmt)
        if buffer.role == "stack"
    }


def test_threads_share_loops_over_sizes_that_are_not_fixed() -> None:
    several = [s for s in every(gradient(LOGISTIC, {"D": 4}).body) if isinstance(s, Shared)]
    assert len(several) == 1
    fixed = list(every(gradient(LOGISTIC, {"D": 4, "N": 100}).body))
    assert not any(isinstance(stmt, Shared) for stmt in fixed)


def test_pieces_do_not_change_what_is_added_up() -> None:
    function = gradient(LOGISTIC, {"D": 3})
    random = np.random.default_rng(2)
    n = 3000
    x, y, w = random.normal(size=(n, 3)), random.normal(size=n), random.normal(size=3)
    value, dw, db = run(function, [x, y, w, 0.5], {"N": n})
    z = x @ w + 0.5
    r = 1 / (1 + np.exp(-z)) - y
    np.testing.assert_allclose(value, np.sum(np.logaddexp(0, z) - y * z), rtol=1e-12)
    np.testing.assert_allclose(dw, x.T @ r, rtol=1e-11)
    np.testing.assert_allclose(db, np.sum(r), rtol=1e-11)


def test_large_products_are_calls_of_the_library() -> None:
    text = "param A[M, K], B[K, N]\nC = A @ B\nJ = sum(C^2)\n"
    function = gradient(text)
    called = [stmt.function for stmt in every(function.body) if isinstance(stmt, Invoke)]
    assert called == ["matmul"] * 3
    random = np.random.default_rng(3)
    a, b = random.normal(size=(5, 4)), random.normal(size=(4, 6))
    value, da, db = run(function, [a, b], {"M": 5, "K": 4, "N": 6})
    np.testing.assert_allclose(value, np.sum((a @ b) ** 2), rtol=1e-13)
    np.testing.assert_allclose(da, 2 * (a @ b) @ b.T, rtol=1e-13)
    np.testing.assert_allclose(db, 2 * a.T @ (a @ b), rtol=1e-13)
    small = list(every(gradient(text, {"K": 4, "N": 6}).body))
    assert not any(isinstance(stmt, Invoke) for stmt in small)


def test_a_loop_has_only_so_many_nests() -> None:
    steps = "".join(f"x{i + 1} = sin(x{i})*a + x{i}\n" for i in range(200))
    function = gradient(f"param a[N]\nx0 = a*a\n{steps}J = sum(x200)\n")
    assert len(loops_over(function, "N")) > 1
    a = np.array([0.1, -0.3])
    x, slope = a * a, 2 * a
    for _ in range(200):
        slope = np.cos(x) * slope * a + np.sin(x) + slope
        x = np.sin(x) * a + x
    value, found = run(function, [a], {"N": 2})
    np.testing.assert_allclose(value, x.sum(), rtol=1e-12)
    np.testing.assert_allclose(found, slope, rtol=1e-9)


def test_extremes_are_found_lane_by_lane() -> None:
    program = prepared(gradc.compile("param x[N]\na = max(x)\nb = min(x)\noutput a, b\n").program)
    function = build("f", program.graph)
    random = np.random.default_rng(4)
    for n in (0, 1, 64, 200):
        x = random.normal(size=n)
        expected = [np.max(x, initial=-np.inf), np.min(x, initial=np.inf)]
        assert run(function, [x], {"N": n}) == expected
    x[150] = np.nan
    assert np.isnan(run(function, [x], {"N": 200})).all()


def test_a_product_with_a_matrix_and_with_its_transpose_go_through_its_rows_once() -> None:
    function = gradient(LOGISTIC)  # no size is known: rows come first, because they lie together
    assert len(loops_over(function, "N")) == 1


def test_a_block_of_long_rows_is_short() -> None:
    steps = {d: loops_over(gradient(LOGISTIC, {"D": d}), "N")[0].step for d in (20, 100)}
    assert steps == {20: 32, 100: 8}


def test_short_rows_are_not_gathered_into_lanes() -> None:
    found = [s for s in every(gradient(LOGISTIC, {"D": 10}).body) if isinstance(s, For)]
    assert sum(loop.lanes and loop.stop == integer(10) for loop in found) > 1
