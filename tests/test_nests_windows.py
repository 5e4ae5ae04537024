"""Arrays that passes make for one another, block by block, are windows, with the same elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import pytest
from nests_interpreter import run
from test_nests import derivatives

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests import staggered
from gradc.nests.build import build
from gradc.nests.model import (
    Apply,
    Buffer,
    Const,
    Element,
    Expr,
    Fill,
    For,
    Get,
    Let,
    Local,
    SizeOf,
    Stmt,
    Store,
)
from gradc.nests.scratch import planned
from gradc.nests.tables import integer, sum_of
from gradc.nests.walk import mentions
from gradc.nests.windows import KEPT

N = Dim.of("N")
REACH = 2


@pytest.fixture(params=[(4, 1), (3, 8), (11, 2)], autouse=True)
def _small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of few indices: shorter than what is kept of the one before, and longer."""
    block, even = request.param
    monkeypatch.setattr(staggered, "LEAST", block)
    monkeypatch.setattr(staggered, "MOST", block)
    monkeypatch.setattr(staggered, "EVEN", even)


def vector(name: str, dtype: DType = DType.REAL, role: str = "scratch") -> Buffer:
    return Buffer(name, dtype, (N,), role)  # type: ignore[arg-type]


def near(buffer: Buffer, index: Local, offset: int, otherwise: Expr) -> Expr:
    """An element near an index, where there is one."""
    element = Element(buffer, (sum_of(Get(index), integer(offset)),))
    if offset < 0:
        test = Apply("ge", (Get(index), integer(-offset)), DType.BOOL)
    else:
        test = Apply("lt", (Get(index), SizeOf(N - offset)), DType.BOOL)
    return element if offset == 0 else Apply("select", (test, element, otherwise))


def each(*stores: Store, index: Local) -> For:
    return For(index, integer(0), SizeOf(N), stores, lanes=True)


def chain(random: Random, source: Buffer, made: list[Buffer], result: Buffer) -> Iterator[For]:
    """Passes that each make an array or two of those before, and one that makes the result."""
    there = [source]
    pending = [*made, result]
    while pending:
        index = Local("i", DType.INT)
        stores: list[Store] = []
        for target in [pending.pop(0) for _ in range(min(len(pending), random.randint(1, 2)))]:
            value: Expr = Const(random.choice([0.5, -1.5]))
            for other in random.choices(there, k=3):
                read = near(other, index, random.randint(-REACH, REACH), Const(0.25))
                value = Apply("sub", (Apply("mul", (Const(0.7), value)), read))
            stores.append(Store(Element(target, (Get(index),)), value))
        if len(there) > 1 and random.random() < 0.4:  # again, behind what reads it
            target = random.choice(there[1:])
            value = near(source, index, random.randint(-REACH, REACH), Const(2.0))
            place = Element(target, (Get(index),))
            if all(target not in mentions([store]) for store in stores):
                stores.append(Store(place, value, random.choice([None, "add"])))
        there += [s.target.buffer for s in stores if s.target.buffer not in there]
        yield each(*stores, index=index)


def ran(body: Sequence[Stmt], source: Buffer, result: Buffer, n: int) -> list[float]:
    function = planned("f", (source,), (result,), tuple(body))
    data = np.random.default_rng(n).normal(size=n)
    (found,) = run(function, [data], {"N": n})
    return list(found)


def windows(body: Sequence[Stmt]) -> list[Buffer]:
    own = ("scratch", "stack")
    return [b for b in mentions(body) if b.role in own and b.shape[0].constant is not None]


def test_random_chains_have_the_same_results() -> None:
    random, many = Random(3), 0
    for _ in range(12):
        source, result = vector("x", role="input"), vector("y", role="output")
        made = [vector(f"a{n}") for n in range(random.randint(1, 6))]
        body = tuple(chain(random, source, made, result))
        changed = staggered.staggered(body)
        many += len(windows(changed))
        for n in (0, 1, 12, 23):
            expected = ran(body, source, result, n)
            assert not np.isnan(expected).any()
            assert ran(changed, source, result, n) == expected
    assert many > 20


def test_only_what_nothing_else_names_is_a_window() -> None:
    x, y, a = vector("x", role="input"), vector("y", role="output"), vector("a")
    i, j = Local("i", DType.INT), Local("j", DType.INT)
    make = each(Store(Element(a, (Get(i),)), Element(x, (Get(i),))), index=i)
    use = each(Store(Element(y, (Get(j),)), near(a, j, -1, Const(0.0))), index=j)
    assert len(windows(staggered.staggered([make, use]))) == 1
    first = Let(Local("first", DType.REAL), Element(a, (integer(0),)))
    assert not windows(staggered.staggered([make, use, first])), "it is read behind the passes"
    assert not windows(staggered.staggered([Fill(x, Const(1.0)), first, make, use]))
    kept = Buffer("a", DType.REAL, (N,), "output")
    make = each(Store(Element(kept, (Get(i),)), Element(x, (Get(i),))), index=i)
    use = each(Store(Element(y, (Get(j),)), near(kept, j, -1, Const(0.0))), index=j)
    assert not windows(staggered.staggered([make, use])), "it is a result"


def test_what_is_read_before_it_is_made_is_no_window() -> None:
    """A value of the last step of a loop around is there, or one that is added to."""
    x, y, a = vector("x", role="input"), vector("y", role="output"), vector("a")
    i, j = Local("i", DType.INT), Local("j", DType.INT)
    place = Element(a, (Get(i),))
    use = each(Store(Element(y, (Get(j),)), near(a, j, -1, Const(0.0))), index=j)
    for store in (
        Store(place, Element(x, (Get(i),)), "add"),
        Store(place, Apply("add", (place, Element(x, (Get(i),))))),
        Store(Element(a, (sum_of(Get(i), integer(1)),)), Element(x, (Get(i),))),
    ):
        changed = staggered.staggered([each(store, index=i), use])
        assert len(changed) == 1
        assert not windows(changed)
    read = Let(Local("old", DType.REAL), place)
    loop = For(i, integer(0), SizeOf(N), (read, Store(place, Const(1.0))), lanes=True)
    assert not windows(staggered.staggered([loop, use]))


def test_what_is_made_in_part_is_no_window() -> None:
    """The last element may come from what ran before."""
    x, y, a = vector("x", role="input"), vector("y", role="output"), vector("a")
    i, j = Local("i", DType.INT), Local("j", DType.INT)
    make = each(Store(Element(a, (Get(i),)), Element(x, (Get(i),))), index=i)
    use = each(Store(Element(y, (Get(j),)), near(a, j, -1, Const(0.0))), index=j)
    assert not windows(staggered.staggered([make._replace(stop=SizeOf(N - 1)), use]))


def test_what_is_read_from_far_behind_is_no_window() -> None:
    """To move it for each block would take a time that grows with the square of the axis."""
    x, y, a = vector("x", role="input"), vector("y", role="output"), vector("a")
    i, j = Local("i", DType.INT), Local("j", DType.INT)
    make = each(Store(Element(a, (Get(i),)), Element(x, (Get(i),))), index=i)
    for behind, expected in ((KEPT, 1), (KEPT + 1, 0)):
        use = each(Store(Element(y, (Get(j),)), near(a, j, -behind, Const(0.0))), index=j)
        changed = staggered.staggered([make, use])
        assert len(changed) == 1
        assert len(windows(changed)) == expected


STAGES = """param x[N]
def f(x[N], y[N]) {
    z[i in N] = x[i]*y[i - 1] if i > 0 else x[0]
    return z
}
loop t in 4 carry y = zeros(N) {
    a = f(x, y)
    b = f(x, y + 0.1*a)
    c = f(x, y + 0.1*b)
    y = y + 0.2*(a + b + c)
}
J = sum(y)
"""


def test_the_workspace_of_steps_does_not_grow_with_what_is_made_within_them() -> None:
    program, _ = derivatives(STAGES)
    function = build("f", program.graph)
    vectors = [b for b, _ in function.scratch if b.shape[0].constant is None]
    assert [buffer.name for buffer in vectors] == ["y"]
    assert len(windows(function.body)) > 1
