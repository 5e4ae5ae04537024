"""In which order nests are joined into loops."""

from __future__ import annotations

import numpy as np
import pytest
from nests_interpreter import run
from test_nests_fusion import gradient, loops_over

from gradc.ir.graph import DType
from gradc.nests import groups
from gradc.nests.model import Buffer, Const, Element, Let, Local
from gradc.nests.nest import Item, Nest
from gradc.nests.order import needed_first
from gradc.nests.threads import COPIED

# What is computed of q[k, j] for all k stands between two nests over n, and one of them needs it.
DIVIDED = """input x[N, D]
param q[K, D], a[K]
y[n, k] = sum[j](q[k, j]*x[n, j])
s[k] = a[k] + sum[j](exp(q[k, j]))
J = sum[n](logsumexp[k](s[k] - y[n, k]^2))
"""


def test_what_a_loop_needs_does_not_divide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"K": 9, "D": 12}
    function = gradient(DIVIDED, sizes)
    assert len(loops_over(function, "N")) == 1
    random = np.random.default_rng(5)
    x, q, a = (random.normal(size=shape) for shape in ((70, 12), (9, 12), (9,)))
    found = run(function, [x, q, a], {"N": 70})
    monkeypatch.setattr(groups, "needed_first", lambda items, main: list(items))
    before = gradient(DIVIDED, sizes)
    assert len(loops_over(before, "N")) == 2
    for one, other in zip(found, run(before, [x, q, a], {"N": 70}), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# The loop that finds the nearest adds to rows of the derivative, whose zeros stand between.
NEAREST = """input x[N, 2], w[N]
param c[K, 2]
at[n] = argmin[k](sum[d]((x[n, d] - c[k, d])^2))
J = sum[n, d](w[n]*(x[n, d] - c[at[n], d])^2)
"""


def test_zeros_of_what_a_loop_adds_to_do_not_divide_it() -> None:
    function = gradient(NEAREST, {"K": 3})
    assert len(loops_over(function, "N")) == 1
    assert not [buffer for buffer, _ in function.scratch if "N" in str(buffer.shape)]
    random = np.random.default_rng(6)
    for n in (0, 1, 63, 64, 65, 130):
        x, w = random.integers(-3, 4, (n, 2)).astype(float), random.integers(0, 5, n) / 4
        c = random.integers(-2, 3, (3, 2)).astype(float)
        x[:n:9], w[:n:13] = np.nan, -0.0
        found = run(function, [x, w, c], {"N": n})
        near = [row[-1].argmin() for row in ((x[:, None] - c) ** 2).sum(2)[:, None]]
        expected = np.zeros((3, 2))
        np.add.at(expected, np.array(near, int), -2.0 * (w[:, None] * (x - c[near])))
        np.testing.assert_array_equal(found[-1], expected)


def test_what_threads_have_no_copies_of_is_added_to_by_itself() -> None:
    for sizes in ({}, {"K": COPIED}):
        assert len(loops_over(gradient(NEAREST, sizes), "N")) > 1, sizes


A, B, C = (Buffer(name, DType.REAL, (), "scratch") for name in "abc")


def nest(target: Buffer, *read: Buffer) -> Nest:
    value = Element(read[0], ()) if read else Const(1.0)
    return Nest(Element(target, ()), (), (), (), value)


def test_nothing_comes_before_what_it_depends_on() -> None:
    main = nest(B, A)
    needed, last = nest(C), nest(A, C)

    def is_main(item: object) -> bool:
        return item is main or item is last

    assert needed_first([main, needed, last], is_main) == [needed, main, last]
    # It overwrites what a main one reads, or needs what a main one wrote.
    reading = nest(B, C)
    assert needed_first([reading, needed, last], lambda i: i in (reading, last))[0] is reading
    bound = nest(C, B)
    assert needed_first([main, bound, last], is_main) == [main, bound, last]


def test_what_is_overwritten_later_comes_along() -> None:
    local = Local("t", DType.REAL)
    main, last = nest(B, A), nest(A, C)
    keep, change = Let(local, Element(C, ())), nest(C)
    unread = Nest(local, (), (), (), Const(2.0))
    items: list[Item] = [main, nest(C), keep, change, unread, last]
    found = needed_first(items, lambda item: item is main or item is last)
    assert found == [items[1], keep, change, main, unread, last]
