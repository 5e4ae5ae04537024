"""What is at the ends of an axis is computed apart from the loop over all the rest."""

from __future__ import annotations

import numpy as np
import pytest
from stencils import stencil
from test_nests import agree_in_all, derivatives
from test_nests_counting import check
from test_nests_interchange import loops

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests import edges
from gradc.nests.build import build
from gradc.nests.edges import without_edges
from gradc.nests.model import Apply, Check, Const, For, Local, Shared, SizeOf
from gradc.nests.walk import every, expressions, subexpressions

SIZES = [1, 2, 3, 4, 5, 9]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short axes have ends, too, and threads share blocks of few indices."""
    monkeypatch.setattr(edges, "SHORT", 0)
    monkeypatch.setattr(edges, "BLOCK", 3)


def data(n: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(n)
    return {"x": random.normal(size=n), "y": random.uniform(0.5, 2.0, size=n)}


def compared(loop: For) -> bool:
    """Whether a loop tests its variable."""
    return any(
        isinstance(expr, Apply) and expr.op in ("ge", "lt", "gt", "le")
        for stmt in every(loop.body)
        for expr in subexpressions(expressions(stmt))
    )


def test_comparisons_of_places_are_settled() -> None:
    known, last = edges.Within(None, 0, Dim.of(0)), SizeOf(Dim.of("N") - 1)
    for op, expected in (("eq", True), ("ne", False)):
        assert known.settled(Apply(op, (last, last), DType.BOOL)) == Const(expected, DType.BOOL)
    unknown = Apply("eq", (last, SizeOf(Dim.of(0))), DType.BOOL)
    assert known.settled(unknown) == unknown


@pytest.mark.parametrize("seed", range(24))
def test_random_steps_have_the_values_of_numpy(seed: int) -> None:
    program, graphs = derivatives(stencil(seed))
    agree_in_all(program, graphs, *map(data, SIZES))


BOTH = "z[i in N] = (y[i - 1] if i > 0 else x[0]) - (y[i + 2] if i < N - 2 else y[N - 1])"
FIRST = "z[i in N] = x[i] if i == 0 else y[i]"
FAR = "z[i in N] = x[i] + y[i - 3] if i >= 3 else x[i]"


@pytest.mark.parametrize(
    ("line", "n"),
    [(line, n) for line in (BOTH, FIRST, FAR) for n in ([] if line == BOTH else [0]) + SIZES],
)
def test_without_a_loop_around(line: str, n: int) -> None:
    for function in check(f"param x[N], y[N]\n{line}\nJ = sum(sin(z)*y)\n", data(n)):
        tested = [each for each in loops(function.body) if each.lanes and compared(each)]
        assert bool(tested) == (line == FAR)


def test_the_ends_are_apart() -> None:
    (graph, *_) = derivatives(f"param x[N], y[N]\n{BOTH}\n")[1]
    (whole,) = [stmt for stmt in build("f", graph).body if isinstance(stmt, Shared)]
    inner = [stmt for stmt in whole.loop.body if isinstance(stmt, For)]
    assert [each.lanes for each in inner] == [True]
    assert without_edges([whole]) == (whole,), "nothing is done twice"


def test_an_axis_of_a_few_elements_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "SHORT", 32)
    index = Local("i", edges.DType.INT)
    test = Apply("ge", (edges.Get(index), edges.integer(1)), edges.DType.BOOL)
    body = (edges.Let(Local("t", edges.DType.BOOL), test),)
    loop = For(index, edges.integer(0), edges.integer(8), body, lanes=True)
    assert edges.between(loop, Dim.of(8)) == [loop]
    longer = loop._replace(stop=edges.integer(40))
    assert len(edges.between(longer, Dim.of(40))) == 2


INTERIOR = """param u0[N, M], c
loop t in 2 carry u = u0 {
    d[i in N, j in M] = u[i-1, j] + u[i+1, j+2] - u[i, j-1]*u[i, j] if CONDITION else 0.1*u[i, j]
    u = u + c*d
}
J = sum(u*u)
"""
INSIDE = "i > 0 and i < N - 1 and j > 0 and j < M - 2"


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 3), (3, 2), (3, 3), (5, 4), (4, 7)])
@pytest.mark.parametrize("condition", [INSIDE, f"{INSIDE} and u[i, j] > 0.1"])
def test_conditions_on_several_axes(condition: str, size: tuple[int, int]) -> None:
    random = np.random.default_rng(size)
    given = {"u0": random.uniform(-0.5, 1.0, size=size), "c": 0.3}
    functions = check(INTERIOR.replace("CONDITION", condition), given)
    for function in functions:
        every = [stmt for loop in loops(function.body) for stmt in loop.body]
        assert not any(isinstance(stmt, Check) for stmt in every)
    rows = [stmt for loop in loops(functions[0].body) for stmt in loop.body]
    lanes = [row for row in rows if isinstance(row, For) and row.lanes]
    assert any(map(compared, lanes)) == (condition != INSIDE)
