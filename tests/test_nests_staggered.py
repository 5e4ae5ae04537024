"""Passes that read each other's neighbours go through their axis block by block, in order."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from nests_interpreter import Machine
from stencils import stencil
from test_nests import agree, agree_in_all, calls_of, derivatives
from test_nests_edges import data
from test_nests_interchange import loops

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests import edges, staggered
from gradc.nests.build import build
from gradc.nests.model import (
    Apply,
    Assign,
    Buffer,
    Const,
    Copy,
    Declare,
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
from gradc.nests.tables import integer, sum_of

N = Dim.of("N")
REACH = 2


@pytest.fixture(params=[(4, 1), (3, 8), (9, 2)], autouse=True)
def _small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of few indices, so that small data take several, the last one in part."""
    block, even = request.param
    monkeypatch.setattr(staggered, "LEAST", block)
    monkeypatch.setattr(staggered, "MOST", block)
    monkeypatch.setattr(staggered, "EVEN", even)
    monkeypatch.setattr(edges, "SHORT", 0)


def blocks(body: tuple[Stmt, ...]) -> list[For]:
    return [loop for loop in loops(body) if loop.carries]


# Chains of passes over buffers with room for neighbours on both sides


def element(buffer: Buffer, index: Local, offset: int) -> Element:
    return Element(buffer, (sum_of(Get(index), integer(REACH + offset)),))


def one_pass(random: Random, buffers: list[Buffer]) -> For:
    """A pass that writes a buffer or two, at places of its own each, from neighbours in others;
    its axis may be shorter or longer by an element."""
    index = Local("i", DType.INT)
    body: list[Stmt] = []
    for target in random.sample(buffers, random.randint(1, 2)):
        value: Expr = Const(random.choice([0.5, -1.5]))
        for source in random.sample(buffers, 2):
            read: Expr = element(source, index, random.randint(-REACH, REACH))
            if random.random() < 0.3:
                test = Apply("ge", (Get(index), integer(1)), DType.BOOL)
                read = Apply("select", (test, read, element(source, index, 1)))
            elif random.random() < 0.3:
                test = Apply("lt", (Get(index), SizeOf(N - 1)), DType.BOOL)
                last = Element(source, (SizeOf(N + REACH - 1 + random.randint(-1, 1)),))
                read = Apply("select", (test, read, last))
            value = Apply("sub", (Apply("mul", (Const(0.7), value)), read))
        place = element(target, index, random.randint(-REACH, REACH))
        body.append(Store(place, value, random.choice([None, None, "add"])))
    extent = N + random.choice([0, 0, 0, -1, 1])
    return For(index, integer(0), SizeOf(extent), tuple(body), lanes=True)


def ran(
    body: Sequence[Stmt], buffers: Sequence[Buffer], sums: Sequence[Local], n: int
) -> list[float]:
    """What statements leave in buffers and sums."""
    machine = Machine({"N": n})
    random = np.random.default_rng(n)
    for buffer in buffers:
        machine.memory[buffer] = random.normal(size=n + 1 + 2 * REACH)
    with np.errstate(all="ignore"):
        machine.block(body)
    whole = [machine.memory[buffer] for buffer in buffers]
    return [*np.concatenate(whole), *(float(machine.locals[each]) for each in sums)]


def test_random_chains_leave_the_same_behind() -> None:
    random, many = Random(5), 0
    for _ in range(60):
        buffers = [Buffer(name, DType.REAL, (N + 1 + 2 * REACH,), "output") for name in "ABCD"]
        body: list[Stmt] = [one_pass(random, buffers) for _ in range(random.randint(2, 6))]
        body.insert(1, Let(Local("h", DType.REAL), Const(0.5)))
        changed = staggered.staggered(body)
        many += bool(blocks(changed))
        for n in (0, 1, 2, 5, 23):
            if n == 0 and any(isinstance(e, For) and e.stop == SizeOf(N - 1) for e in body):
                continue
            assert ran(changed, buffers, [], n) == ran(tuple(body), buffers, [], n)
    assert many > 45


def test_every_pair_of_distances() -> None:
    """Two passes, each of which reads a neighbour of what the other writes."""
    for first in range(-REACH, REACH + 1):
        for second in range(-REACH, REACH + 1):
            for write in range(-REACH, REACH + 1):
                a, b = (Buffer(x, DType.REAL, (N + 1 + 2 * REACH,), "output") for x in "ab")
                i, j = Local("i", DType.INT), Local("j", DType.INT)
                one = Store(element(a, i, write), element(b, i, first))
                two = Store(element(b, j, 0), element(a, j, second))
                body = tuple(
                    For(index, integer(0), SizeOf(N), (store,), lanes=True)
                    for index, store in ((i, one), (j, two))
                )
                changed = staggered.staggered(body)
                assert blocks(changed)
                for n in (0, 3, 17):
                    assert ran(changed, [a, b], [], n) == ran(body, [a, b], [], n)


def vector(name: str) -> Buffer:
    return Buffer(name, DType.REAL, (N,), "output")


def over(store: Store, index: Local, **more: object) -> For:
    return For(index, integer(0), SizeOf(N), (store,), lanes=True)._replace(**more)


def test_what_keeps_passes_apart() -> None:
    a, b, c, places = vector("a"), vector("b"), vector("c"), vector("p")
    i, j = Local("i", DType.INT), Local("j", DType.INT)
    first = over(Store(Element(a, (Get(i),)), Element(b, (Get(i),))), i)

    def second(at: Expr, **more: object) -> For:
        return over(Store(Element(c, (Get(j),)), Element(a, (at,))), j, **more)

    plain = second(Get(j))
    assert blocks(staggered.staggered([first, plain]))
    data_index = Element(places, (Get(j),))
    double = Apply("mul", (integer(2), Get(j)), DType.INT)
    back = Apply("sub", (SizeOf(N - 1), Get(j)), DType.INT)
    for at in (data_index, double, back, integer(0), SizeOf(N - 1)):
        assert not blocks(staggered.staggered([first, second(at)])), at
    assert not blocks(staggered.staggered([first, second(Get(j), stop=SizeOf(N * 2))]))
    assert not blocks(staggered.staggered([first, second(Get(j), start=integer(1))]))
    assert not blocks(staggered.staggered([first, second(Get(j), step=2)]))
    reading = Let(Local("s", DType.REAL), Element(a, (integer(0),)))
    assert not blocks(staggered.staggered([first, reading, plain]))
    other = Let(Local("s", DType.REAL), Element(b, (integer(0),)))
    assert blocks(staggered.staggered([first, other, plain]))
    assert not blocks(
        staggered.staggered([first, Store(Element(a, (integer(0),)), Const(1.0)), plain])
    )
    alone = over(Store(Element(vector("d"), (Get(j),)), Const(1.0)), j)
    assert not blocks(staggered.staggered([first, alone])), "they share nothing"


def test_sums_that_a_later_pass_reads_are_waited_for() -> None:
    a, b = vector("a"), vector("b")
    i, j, total = Local("i", DType.INT), Local("j", DType.INT), Local("total", DType.REAL)
    adding = For(
        i,
        integer(0),
        SizeOf(N),
        (Assign(total, Element(a, (Get(i),)), "add"),),
        lanes=True,
        joined=((total, "add"),),
    )
    start = Declare(total, Const(0.0))
    reading = over(
        Store(Element(b, (Get(j),)), Apply("mul", (Element(a, (Get(j),)), Get(total)))), j
    )
    unread = over(Store(Element(b, (Get(j),)), Element(a, (Get(j),))), j)
    assert not blocks(staggered.staggered([start, adding, reading]))
    for body in ([start, adding, unread], [unread, start, adding]):
        changed = staggered.staggered(body)
        assert blocks(changed)
        pairs = zip(
            ran(changed, [a, b], [total], 23), ran(tuple(body), [a, b], [total], 23), strict=True
        )
        assert all(abs(one - other) < 1e-12 for one, other in pairs)


def test_copies_and_values_for_all_elements_are_passes() -> None:
    a, b = vector("a"), vector("b")
    i = Local("i", DType.INT)
    body = (
        Fill(a, Const(0.5)),
        over(Store(Element(b, (Get(i),)), Element(a, (Get(i),)), "add"), i),
        Copy(a, b),
    )
    changed = staggered.staggered(body)
    assert len(changed) == 1
    machine = Machine({"N": 23})
    for buffer in (a, b):
        machine.memory[buffer] = np.arange(23.0)
    machine.block(changed)
    assert machine.memory[a].tolist() == machine.memory[b].tolist() == [n + 0.5 for n in range(23)]


# Programs


@pytest.mark.parametrize("seed", range(10))
def test_random_steps_have_the_values_of_numpy(seed: int) -> None:
    program, graphs = derivatives(stencil(100 + seed))
    agree_in_all(program, graphs, *map(data, (1, 2, 6, 25)))


HEAT = """param u0[N], k
loop t in 4 carry u = u0 {
    f[i in N] = k*(u[i + 1] - u[i]) if i < N - 1 else 0*u[i]
    u[i in N] = u[i] + f[i] - (f[i - 1] if i > 0 else 0)
}
J = sum(u*u)
"""


def test_a_step_of_the_heat_equation_is_one_loop() -> None:
    program, graphs = derivatives(HEAT)
    for graph, arguments, sizes in calls_of(program, graphs, {"u0": data(19)["x"], "k": 0.3}):
        agree(graph, arguments, sizes, tight=True)
        assert blocks(build("f", graph).body)
