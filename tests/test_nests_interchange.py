"""Loops over long axes run block by block where each index stays apart, and only there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import test_loops
from hypothesis import given
from nests_interpreter import run
from programs import Case, programs
from test_generated_programs import sampled
from test_nests import agree_in_all, derivatives

from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests import interchange, steps
from gradc.nests.build import build
from gradc.nests.model import (
    Assign,
    Buffer,
    Const,
    Declare,
    Element,
    For,
    Get,
    Local,
    Stmt,
    Store,
)
from gradc.nests.scratch import planned
from gradc.nests.specialise import specialised
from gradc.nests.tables import integer, sum_of
from gradc.nests.walk import every


@pytest.fixture(params=[(4, 2), (3, 1), (100, 3)], autouse=True)
def _small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of few indices, so that small data take several, the last one in part."""
    block, together = request.param
    monkeypatch.setattr(steps, "SHORT", 1)
    monkeypatch.setattr(interchange, "BLOCK", block)
    monkeypatch.setattr(interchange, "TOGETHER", together)
    monkeypatch.setattr(interchange, "SUMS", together)


def loops(body: Sequence[Stmt]) -> Iterator[For]:
    return (stmt for stmt in every(body) if isinstance(stmt, For))


def by_blocks(text: str, data: dict[str, Any]) -> int:
    """How many loops of a program and its derivatives are run by blocks; their values agree."""
    program, graphs = derivatives(text + "\n")
    agree_in_all(program, graphs, data)
    return sum(loop.variable.name == "first" for g in graphs for loop in loops(build("f", g).body))


X = np.linspace(-1.0, 1.5, 11)
C = np.array([0.3, -0.7, 1.1, 0.2, -0.4])

HEAD = "param t[N], c[M]"

APART = {
    "a polynomial": "loop j in M-1:-1:-1 carry p = zeros(N) { p = p*t + c[j] }\nJ = sum(p*p)",
    "with the counter": "loop j in M carry p = t { p = sin(p)*c[j] + j }\nJ = sum(p)",
    "two carried": "loop j in M carry p = t, q = t*t { p = p + c[j]*q\n q = q - p*t }\nJ = sum(p)",
    "exchanged": "loop j in M carry p = t, q = t*t { r = p\n p = q*c[j]\n q = r }\nJ = sum(p*q*q)",
    "collected": "loop j in M carry p = t { p = p*t + c[j]\n s[j] = sum(p*p) }\nJ = sum(s*c)",
    "rows": "loop j in M carry p = t { p = p*t + c[j]\n r[j] = p }\nJ = sum(r*r)",
    "no step at all": "loop j in 2:2 carry p = t { p = p*t + c[j] }\nJ = sum(p) + c[0]",
    "a function": "def f(p, c) = sin(p)*c\nloop j in M carry p = t { p = f(p, c[j]) }\nJ = sum(p)",
    "a condition": "loop j in M carry p = t { p = p*c[j] if p > 0.1 else p + t }\nJ = sum(p)",
    "in a loop": "loop k in 3 carry q = t { loop j in M carry p = q { p = p*t + c[j] }\n"
    " q = p/(1 + k) }\nJ = sum(q)",
}

NOT_APART = {
    "a neighbour": "loop j in M carry p = t { p = p*c[j] + concat([0], p[:N-1]) }\nJ = sum(p)",
    "reversed": "loop j in M carry p = t { q[i in N] = p[N-1-i]\n p = q*c[j] }\nJ = sum(p*t)",
    "a sum that is read": "loop j in M carry p = t { p = p*c[j]/(1 + sum(p*p)) }\nJ = sum(p)",
    "a scalar that is carried": "loop j in M carry p = t, a = 1 { p = p*a\n a = c[j] }\nJ = sum(p)",
    "an element that is read": "loop j in M carry p = t { p = p*p[1] + c[j] }\nJ = sum(p)",
    "an early end": "loop j in M carry p = t while p[0] < 0.2 { p = p*t + c[j] }\nJ = sum(p)",
}


@pytest.mark.parametrize("name", APART)
def test_it_is_done(name: str) -> None:
    assert by_blocks(f"{HEAD}\n{APART[name]}", {"t": X, "c": C}) > 0


@pytest.mark.parametrize("name", NOT_APART)
def test_it_is_right_where_it_is_not_done(name: str) -> None:
    by_blocks(f"{HEAD}\n{NOT_APART[name]}", {"t": X, "c": C})


@pytest.mark.parametrize("name", ["a neighbour", "a scalar that is carried", "an early end"])
def test_it_is_not_done(name: str) -> None:
    program, graphs = derivatives(f"{HEAD}\n{NOT_APART[name]}\n")
    assert program.inputs
    found = loops(build("f", graphs[0]).body)
    names = [loop.variable.name for loop in found if not loop.carries]
    assert names
    assert "first" not in names


def test_rows_that_have_nothing_in_common_stay_rows() -> None:
    text = "input u[M, N], v[M, N]\nw[i, j] = u[i, j]*v[i, j]\nz = w - v/2\n"
    _, (graph, *_) = derivatives(text)
    assert "first" not in [loop.variable.name for loop in loops(build("f", graph).body)]


@pytest.mark.parametrize("name", test_loops.ALL)
def test_all_loops(name: str) -> None:
    text, data, _ = test_loops.ALL[name]
    by_blocks(text, data)


def test_sums_over_the_lanes_of_a_block() -> None:
    """The derivative in Q is a sum over points, which are the lanes: several are made together."""
    text = (
        "input x[N, D]\nparam Q[K, D, D], a[K]\ny[n, k, i] = sum[j](Q[k, i, j]*x[n, j])\n"
        "b[n, k] = a[k] - sum[i](y[n, k, i]^2)\nJ = sum[n](logsumexp[k](b[n, k]))"
    )
    random = np.random.default_rng(4)
    data = {"x": random.normal(size=(70, 3)), "Q": random.normal(size=(4, 3, 3)), "a": np.ones(4)}
    by_blocks(text, data)
    _, graphs = derivatives(text + "\n")
    wide = specialised(graphs[1], {"D": 3, "K": 100})  # no product of the library
    assert "part" in {
        local.name for loop in loops(build("f", wide).body) for local, _ in loop.joined
    }
    assert max(len(loop.joined) for loop in loops(build("f", wide).body)) >= interchange.SUMS


@pytest.mark.parametrize("name", ["a polynomial", "two carried", "exchanged"])
def test_steps_hand_on_in_locals(name: str) -> None:
    """What a step stores for the next is stored once, by the last of those that run together."""
    _, graphs = derivatives(f"{HEAD}\n{APART[name]}\n")
    found = [
        [stmt.target for stmt in loop.body if isinstance(stmt, Store)]
        for graph in graphs
        for loop in loops(build("f", graph).body)
        if isinstance(loop.start, Get)
    ]
    assert any(found)
    assert all(len(stored) == len(set(stored)) for stored in found)


@sampled(60)
@given(programs())
def test_generated_programs(case: Case) -> None:
    program, graphs = derivatives(case.text)
    agree_in_all(program, graphs, case.data, tight=case.safe)


@pytest.mark.parametrize("op", [None, "add"])
@pytest.mark.parametrize("role", ["scratch", "output"])
def test_places_that_a_step_computes(op: Any, role: Any) -> None:
    """What says where a value is stored is read from the local that holds it."""
    n = Dim.of(7)
    x = Buffer("x", DType.INT, (n,), "input")
    place = Buffer("place", DType.INT, (n,), role)
    y = Buffer("y", DType.REAL, (Dim.of(9), n), "output")
    step, i, j, row = (Local(name, DType.INT) for name in ("k", "i", "j", "row"))
    moved = sum_of(Element(x, (Get(i),)), Get(step))
    passed = [Store(Element(place, (Get(i),)), moved)]
    value = Const(2.0)
    passed.append(Store(Element(y, (Element(place, (Get(i),)), Get(i))), value, op))
    loop = For(step, integer(0), integer(5), (For(i, integer(0), integer(7), tuple(passed)),))
    clear = Store(Element(y, (Get(row), Get(j))), Const(0.0))
    clears = For(row, integer(0), integer(9), (For(j, integer(0), integer(7), (clear,)),))
    results = (y,) if role == "scratch" else (y, place)
    changed = interchange.interchanged([loop])
    assert changed != (loop,)
    data = [np.arange(7) % 4]
    before = run(planned("f", (x,), results, (clears, loop)), data, {})
    after = run(planned("f", (x,), results, (clears, *changed)), data, {})
    assert all(map(np.array_equal, before, after))


@pytest.mark.parametrize("read", [False, True])
def test_a_sum_that_another_pass_reads_from_memory_is_complete_before(read: bool) -> None:
    x = Buffer("x", DType.REAL, (Dim.of(6),), "input")
    sums = Buffer("s", DType.REAL, (Dim.of(3),), "output")
    others = Buffer("o", DType.REAL, (Dim.of(3),), "output")
    step = Local("k", DType.INT)
    body: list[Stmt] = []
    for target in (sums, others):
        total, i = Local("total", DType.REAL), Local("i", DType.INT)
        factor = Element(sums if read and target is others else x, (Get(step),))
        passed = [Assign(total, Element(x, (Get(i),)), "add"), Assign(total, factor, "add")]
        body.append(Declare(total, Const(0.0)))
        body.append(For(i, integer(0), integer(6), tuple(passed)))
        body.append(Store(Element(target, (Get(step),)), Get(total)))
    loop = For(step, integer(0), integer(3), tuple(body))
    assert (interchange.interchanged([loop]) == (loop,)) is read
