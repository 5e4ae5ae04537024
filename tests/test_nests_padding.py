"""Rows become as long as whole vector registers where that is right, and nothing changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_loops
from hypothesis import given
from programs import Case, programs
from test_generated_programs import sampled
from test_nests import agree, agree_in_all, calls_of, derivatives

import gradc
from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests import padding
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
    For,
    Get,
    Let,
    Local,
    Stmt,
    Store,
)
from gradc.nests.specialise import specialised
from gradc.nests.tables import integer, sum_of
from gradc.nests.walk import every

LSTM = Path(__file__).parents[1] / "benchmarks" / "gradbench" / "programs" / "lstm.g"


@pytest.fixture(params=[4, 8])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Registers of so many elements, and whatever can be made longer is."""
    found: int = request.param
    monkeypatch.setattr(padding, "WIDTH", found)
    monkeypatch.setattr(padding, "PART", 0)
    monkeypatch.setattr(padding, "HEAVY", 0)
    monkeypatch.setattr(padding, "GAIN", 0)
    return found


def longer(text: str, data: dict[str, Any]) -> int:
    """How many functions of a program and its derivatives have longer rows; values agree."""
    program, graphs = derivatives(text + "\n")
    found = 0
    for graph, arguments, sizes in calls_of(program, graphs, data):
        agree(graph, arguments, sizes, tight=True)
        function = build("f", specialised(graph, sizes))
        found += any(_is_end(stmt) for stmt in every(function.body))
    return found


def _is_end(stmt: Stmt) -> bool:
    return isinstance(stmt, For) and stmt.variable.name == "lane" and stmt.start != integer(0)


HEAD = "param W[2, 3*B], x[T, B]\ninput h0[B]\n"

ROWS = {
    "a recurrence": "loop t in T carry h = h0 { h = tanh(W[0,:B]*h + W[1,B:2*B]*x[t]) }\n"
    "J = sum(h)",
    "parts of rows": "loop t in T carry h = h0 { h = sigmoid(W[0,B:2*B]*h)*W[1,2*B:] }\nJ = h @ h",
    "a sum in each step": "loop t in T carry h = h0, s = 0 { h = tanh(W[1,:B]*h + x[t])\n"
    "s = s + log(1 + sum(exp(h))) }\nJ = s",
    "an output": "loop t in T carry h = h0 { h = sin(W[0,:B]*h + x[t])\nh_all[t] = h }\n"
    "output h_all",
    "in a loop": "loop t in T carry h = h0 { loop i in 2 carry a = x[t] { a = tanh(W[i,:B]*a)*h }\n"
    "h = a }\nJ = sum(h)",
    "a condition": "loop t in T carry h = h0 { h = h*W[0,:B] if h > 0.1 else exp(h) }\nJ = sum(h)",
}

OTHERS = {
    "the counter": "loop t in T carry h = h0 { h[i in B] = h[i]*i + x[t,i] }\nJ = sum(h)",
    "a neighbour": "loop t in T carry h = h0 { h[i in B] = sin(h[i-1]) if i > 0 else h[i] }\n"
    "J = sum(h)",
    "a part": "loop t in T carry h = h0 { h = concat(h[1:], [exp(h[0])]) }\nJ = sum(h*W[0,1:B+1])",
    "a gather": "input k[B] in B\nloop t in T carry h = h0 { h[i in B] = exp(-h[k[i]])*x[t,i] }\n"
    "J = sum(h)",
    "a product": "param A[B, B]\nloop t in T carry h = h0 { h = tanh(A @ h + x[t]) }\nJ = sum(h)",
    "reversed": "loop t in T carry h = h0 { h[i in B] = exp(-h[B-1-i]) }\nJ = sum(h*x[0])",
}


def data(size: int, steps: int = 3) -> dict[str, Any]:
    random = np.random.default_rng(size)
    return {
        "W": random.normal(size=(2, 3 * size)),
        "x": random.normal(size=(steps, size)),
        "h0": random.normal(size=size),
        "A": random.normal(size=(size, size)),
        "k": random.permutation(size),
    }


def given_to(text: str, size: int) -> dict[str, Any]:
    return {
        name: value
        for name, value in data(size).items()
        if f"{name}[" in text.split("loop")[0] or f", {name}[" in text.split("loop")[0]
    }


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize("size", [5, 6, 7])
@pytest.mark.parametrize("name", ROWS)
def test_it_is_done(name: str, size: int) -> None:
    assert longer(HEAD + ROWS[name], given_to(HEAD + ROWS[name], size)) > 0


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize("size", [0, 1, 2, 4, 8, 9, 13])
@pytest.mark.parametrize("name", ROWS)
def test_every_length(name: str, size: int) -> None:
    longer(HEAD + ROWS[name], given_to(HEAD + ROWS[name], size))


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize("size", [1, 3, 5, 7])
@pytest.mark.parametrize("name", OTHERS)
def test_what_has_to_do_with_other_elements_is_right(name: str, size: int) -> None:
    longer(HEAD + OTHERS[name], given_to(HEAD + OTHERS[name], size))


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize("name", test_loops.ALL)
def test_all_loops(name: str) -> None:
    text, given_data, _ = test_loops.ALL[name]
    longer(text, given_data)


@pytest.mark.usefixtures("width")
@sampled(60)
@given(programs())
def test_generated_programs(case: Case) -> None:
    program, graphs = derivatives(case.text)
    agree_in_all(program, graphs, case.data, tight=case.safe)


@pytest.mark.parametrize(("size", "expected"), [(14, True), (16, False), (10, False), (70, False)])
def test_rows_are_made_longer_where_that_is_little(size: int, expected: bool) -> None:
    program = gradc.load(LSTM)
    graph = specialised(derivatives(str(LSTM))[1][1], {"L": 2, "B": size, "T": 300})
    assert program.graph.inputs
    assert any(_is_end(stmt) for stmt in every(build("f", graph).body)) is expected


def test_a_few_steps_are_not_worth_the_copies() -> None:
    graph = specialised(derivatives(str(LSTM))[1][1], {"L": 1, "B": 14, "T": 2})
    assert not any(_is_end(stmt) for stmt in every(build("f", graph).body))


# Statements that no graph becomes today


def _loop(value: Expr, *more: Stmt, counter: Local, target: Buffer) -> For:
    store = Store(Element(target, (Get(counter),)), value)
    return For(counter, integer(0), integer(5), (*more, store), lanes=True)


def _twice(*body: Stmt) -> For:
    return For(Local("t", DType.INT), integer(0), integer(2), body)


def _cases() -> Iterator[tuple[str, list[Stmt]]]:
    a, b = (Buffer(name, DType.REAL, (Dim.of(5),), "scratch") for name in "ab")
    whole = Buffer("n", DType.INT, (Dim.of(5),), "scratch")
    i, total, place = Local("i", DType.INT), Local("total", DType.REAL), Local("k", DType.INT)
    here = Element(a, (Get(i),))
    real = Apply("real", (Get(i),))
    yield "a counter as a value", [_twice(_loop(real, counter=i, target=a))]
    add = Assign(total, here, "add")
    yield (
        "a sum that lasts",
        [Declare(total, Const(0.0)), _twice(_loop(here, add, counter=i, target=b))],
    )
    let = Let(place, Element(whole, (Get(i),)))
    far = Element(a, (Get(place),))
    yield "a place that was computed", [_twice(_loop(far, let, counter=i, target=b))]
    far = Element(a, (Element(whole, (Get(i),)),))
    yield "a place that is read", [_twice(_loop(far, counter=i, target=b))]
    next_ = Element(a, (sum_of(Get(i), integer(1)),))
    yield "a neighbour", [_twice(_loop(next_, counter=i, target=b))]
    yield "a copy", [_twice(_loop(here, counter=i, target=b)), Copy(b, a)]
    fixed = Store(Element(a, (integer(0),)), here)
    yield "a fixed place", [_twice(_loop(here, fixed, counter=i, target=b))]


CASES = dict(_cases())


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize("name", CASES)
def test_it_is_not_done(name: str) -> None:
    body = tuple(CASES[name])
    assert padding.padded((), (), body) == body
