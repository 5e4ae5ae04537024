"""Products and repeated quantities in emitted code: as NumPy's own operators have them."""

from __future__ import annotations

import random
from itertools import permutations

import numpy as np
import pytest
from emitted_graphs import forward, statements

SIZES = {"i": 2, "j": 3, "k": 4, "l": 5}


def contraction(spec: str) -> str:
    operands, result = spec.split("->")
    x, y, z = (
        f"real[{', '.join(letters.upper())}]" if letters else "real"
        for letters in (*operands.split(","), result)
    )
    return f"""graph p(x: {x}, y: {y}) -> (z: {z}) {{
      z: {z} = contract x y {{spec="{spec}"}}
    }}"""


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("i,i->", "x @ y"),
        ("ij,j->i", "x @ y"),
        ("j,ij->i", "y @ x"),
        ("i,ij->j", "x @ y"),
        ("ij,i->j", "x.T @ y"),
        ("ij,jk->ik", "x @ y"),
        ("nd,kd->nk", "x @ y.T"),
        ("ij,kj->ki", "y @ x.T"),
        ("ijk,k->ij", "x @ y"),
        ("ijk,kl->ijl", "x @ y"),
        ("nij,njk->nik", "x @ y"),
        ("nij,nkj->nik", "x @ np.swapaxes(y, 1, 2)"),
        ("ijk,jkl->il", "np.tensordot(x, y, axes=2)"),
        ("ijk,lj->ikl", "np.tensordot(x, y, axes=(1, 1))"),
        ("i,j->ij", "np.outer(x, y)"),
        ("ij,i->ij", "x * y[:, None]"),
        ("ij,j->ij", "x * y"),
        ("ni,nj->nij", "x[:, :, None] * y[:, None, :]"),
        ("ij,ij->i", 'np.einsum("ij,ij->i", x, y)'),
        ("ij,ijk->ik", 'np.einsum("ij,ijk->ik", x, y)'),
    ],
)
def test_a_contraction_is_the_fastest_form_that_says_it(spec: str, text: str) -> None:
    assert statements(contraction(spec)) == f"z = {text}"


def test_every_contraction_of_two_operands_is_right() -> None:
    rng = np.random.default_rng(5)
    choose = random.Random(5)
    operands = ["".join(letters) for n in (1, 2, 3) for letters in permutations("ijkl", n)]
    for _ in range(150):
        a, b = choose.choice(operands), choose.choice(operands)
        letters = sorted({*a, *b})
        choose.shuffle(letters)
        result = "".join(letters[: choose.randint(0, len(letters))])
        x, y = (rng.standard_normal([SIZES[letter] for letter in word]) for word in (a, b))
        spec = f"{a},{b}->{result}"
        found = forward(contraction(spec))(x, y)
        expected = np.einsum(spec, x, y)
        assert np.shape(found) == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=spec)


CENTRED = """
graph p(X: real[N, D], mu: real[D], s: real) -> (Z: real[N, D]) {
  Z%1: real[N, D] = broadcast mu {shape=(N, D), axes=(1)}
  Z%2: real[N, D] = sub X Z%1
  Z%3: real[N, D] = broadcast s {shape=(N, D), axes=()}
  Z%4: bool[N, D] = gt Z%2 Z%3
  Z%5: real[N, D] = maximum Z%2 Z%1
  Z: real[N, D] = select Z%4 Z%5 Z%3
}
"""

DISTANCES = """
graph p(X: real[N, D], c: real[K, D]) -> (J: real[N, K]) {
  J%1: real[N, K, D] = broadcast X {shape=(N, K, D), axes=(0, 2)}
  J%2: real[N, K, D] = broadcast c {shape=(N, K, D), axes=(1, 2)}
  J%3: real[N, K, D] = sub J%1 J%2
  J%4: real[N, K, D] = abs J%3
  J: real[N, K] = sum J%4 {axes=(2)}
}
"""

REPEATED = """
graph p(x: real[N], s: real) -> (z: real[N, M], J: real, y: real[N, M], w: real[N, M]) {
  z%1: real[N] = broadcast s {shape=(N), axes=()}
  z%2: real[N, M] = broadcast z%1 {shape=(N, M), axes=(0)}
  z%3: real[N, M] = broadcast x {shape=(N, M), axes=(0)}
  w%1: real[N] = broadcast s {shape=(N), axes=()}
  w: real[N, M] = broadcast w%1 {shape=(N, M), axes=(0)}
  z%4: real[N, M] = mul z%2 z%3
  z: real[N, M] = exp z%4
  J%1: real[N, M] = broadcast x {shape=(N, M), axes=(0)}
  J%2: real[N, M] = sin J%1
  J: real = sum J%2 {axes=(0, 1)}
  y%1: real[N, M] = broadcast x {shape=(N, M), axes=(0)}
  y%2: bool = gt s 0.0
  y: real[N, M] = select y%2 y%1 z
}
"""

ROWS = """
graph p(x: real[N], y: real[M], r: real[T]) -> (o: real[N, M], C: real[T, N, M]) {
  o%3: real[N, M] = broadcast 0.0 {shape=(N, M), axes=()}
  o: real[N, M], C: real[T, N, M] = loop o%3 x y {body=graph b(t: int, o%in: real[N, M], \
x: real[N], y: real[M]) -> (o%1: real[N, M], C%1: real[N, M]) {
    C%1: real[N, M] = broadcast x {shape=(N, M), axes=(0)}
    o%2: real[N, M] = broadcast y {shape=(N, M), axes=(1)}
    o%1: real[N, M] = add o%in o%2
  }, range=(0, T, 1), carried=1, condition=+none, counted=+false, backwards=+false, \
checkpoint=+none}
}
"""


def test_an_operand_is_repeated_by_the_operation_that_reads_it() -> None:
    assert statements(CENTRED) == "Z_1 = X - mu\nZ = np.where(Z_1 > s, np.maximum(Z_1, mu), s)"
    x, mu = np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])
    z = x - mu
    expected = np.where(z > 0.5, np.maximum(z, mu), 0.5)
    np.testing.assert_array_equal(forward(CENTRED)(x, mu, 0.5), expected)


def test_two_operands_are_repeated_to_their_common_shape() -> None:
    assert statements(DISTANCES) == "J = np.sum(np.abs(X[:, None, :] - c), axis=2)"


def test_a_result_has_all_its_axes_where_something_needs_them() -> None:
    assert (
        statements(REPEATED)
        == """\
w = np.broadcast_to(s, (N, M))
z = np.broadcast_to(np.exp(s * x[:, None]), (N, M))
J = np.sum(np.broadcast_to(np.sin(x[:, None]), (N, M)))
y = np.broadcast_to(x[:, None], (N, M)) if s > 0 else z"""
    )


def test_rows_are_repeated_where_they_are_stored() -> None:
    assert (
        statements(ROWS)
        == """\
o = np.zeros((N, M))
C = np.empty((T, N, M))
for t in range(T):
    C[t] = x[:, None]
    o += y"""
    )
    o, c = forward(ROWS)(np.arange(3.0), np.arange(2.0), np.zeros(4))
    np.testing.assert_array_equal(o, np.tile([0.0, 4.0], (3, 1)))
    np.testing.assert_array_equal(c, np.broadcast_to(np.arange(3.0)[:, None], (4, 3, 2)))
