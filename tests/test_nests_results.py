"""Arrays of the workspace lie in the memory of results where they are over before these begin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from c_compiling import needs_cc
from nests_interpreter import run
from test_nests_fusion import gradient

import gradc
from gradc.ir.dims import Dim
from gradc.ir.graph import DType
from gradc.nests import scratch
from gradc.nests.model import (
    Apply,
    Buffer,
    Const,
    Element,
    Expr,
    Fill,
    For,
    Function,
    Get,
    Let,
    Local,
    Shared,
    SizeOf,
    Stmt,
    Store,
)
from gradc.nests.results import SMALL, lent

N = Dim.of("N")
SIZE = SizeOf(N)
ZERO = Const(0, DType.INT)

PROGRAMS = {
    "softmax": "param x[N]\nJ = logsumexp(x)\n",
    "rows": "param x[N, M]\nJ = sum[n](logsumexp[m](x[n, m])^2)\n",
    "norm": "param x[N], w[N]\ny = (x - mean(x))/norm(x - mean(x))\nJ = sum(w*y^3)\n",
    "steps": "param x[N]\nloop s in 3 carry y = x {\n"
    "y[i in N] = x[i]*y[i - 1] if i > 0 else y[0] }\nJ = sum(y)^2\n",
    "two": "param x[N], y[N]\na = exp(x - max(x))\nb = tanh(y*sum(a))\nJ = sum(a*b)*max(b)\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = gradient(PROGRAMS[name])
    monkeypatch.setattr(scratch, "lent", lambda *_: {})
    before = gradient(PROGRAMS[name])
    assert not before.lent
    random = np.random.default_rng(3)
    for n in (1, 7, 64, 65, 130):
        shapes = [[n if dim == N else 5 for dim in p.shape] for p in buffers(function)]
        given = [random.normal(size=shape) for shape in shapes]
        given[0].flat[-1] = np.inf if n == 65 else -0.0
        sizes = {"N": n, "M": 5}
        for one, other in zip(run(function, given, sizes), run(before, given, sizes), strict=True):
            np.testing.assert_array_equal(one, other)


def buffers(function: Function) -> list[Buffer]:
    return [each for each in function.parameters if isinstance(each, Buffer)]


@needs_cc
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compiled_results_are_those_of_numpy(dtype: Any) -> None:
    text = PROGRAMS["two"]
    engines = [gradc.compile(text, engine=engine, dtype=dtype) for engine in ("c", "numpy")]
    for n in (1, 65, 3 * SMALL + 1):
        x, y = np.random.default_rng(n).normal(size=(2, n)) / 8
        native, reference = (each.value_and_grad(x=x, y=y) for each in engines)
        rtol = 1e-9 if dtype == "float64" else 1e-3
        for wrt in "xy":
            scale = np.abs(reference[1][wrt]).max()
            np.testing.assert_allclose(native[1][wrt], reference[1][wrt], rtol, rtol * scale)


def test_exponentials_are_where_the_gradient_will_be() -> None:
    function = gradient(PROGRAMS["softmax"])
    ((_, home),) = function.lent
    assert home in function.results
    assert not function.scratch
    assert not gradient(PROGRAMS["softmax"], {"N": SMALL}).lent
    assert gradient(PROGRAMS["softmax"], {"N": SMALL + 1}).lent


def vector(name: str, role: str = "scratch", size: Dim = N) -> Buffer:
    return Buffer(name, DType.REAL, (size,), role)  # type: ignore[arg-type]


X, OUT = vector("x", "input"), vector("out", "output")
A, B = vector("a"), vector("b")
INDEX, STEP = Local("i", DType.INT), Local("s", DType.INT)


def at(buffer: Buffer, index: Expr | None = None) -> Element:
    return Element(buffer, (Get(INDEX) if index is None else index,))


def loop(*body: Stmt, variable: Local = INDEX, step: int = 1) -> For:
    return For(variable, ZERO, SIZE, body, step)


def homes(*body: Stmt) -> dict[Buffer, Buffer]:
    return lent((X,), (OUT,), body)


MAKES = loop(Store(at(A), at(X)))
BACK = Apply("sub", (SIZE, Get(INDEX)), DType.INT)


def test_what_ends_before_a_result_begins_is_in_its_memory() -> None:
    ends = loop(Store(at(B), at(A)))
    begins = loop(Store(at(OUT), at(X)))
    assert homes(MAKES, ends, begins) == {A: OUT}
    # The second begins where the first ends, and the result where the second does.
    assert homes(MAKES, ends, loop(Store(at(OUT), at(B)))) == {A: OUT, B: OUT}
    assert homes(MAKES, begins, ends) == {}


def test_an_iteration_reads_before_it_writes_the_result() -> None:
    kept = Local("t", DType.REAL)
    after = Local("u", DType.REAL)
    store = Store(at(OUT), Get(kept))
    assert homes(MAKES, loop(Let(kept, at(A)), store)) == {A: OUT}
    assert homes(MAKES, loop(Let(kept, at(A)), store, Let(after, at(A)))) == {}
    assert homes(MAKES, loop(Let(kept, at(A)), store, Store(at(OUT), Const(1.0)))) == {}
    # At another index, or in another loop.
    assert homes(MAKES, loop(Let(kept, at(A, BACK)), store)) == {}
    assert homes(MAKES, loop(Store(at(OUT), at(A), op="add"))) == {}
    inner = loop(Let(after, at(A, Get(STEP))), variable=STEP)
    assert homes(MAKES, loop(Let(kept, at(A)), store, inner)) == {}


def test_what_steps_go_through_again_has_memory_of_its_own() -> None:
    again = loop(loop(Store(at(A), at(X))), variable=STEP)
    assert homes(again, loop(Store(at(OUT), at(A)))) == {}
    assert homes(MAKES, loop(loop(Store(at(OUT), at(A))), variable=STEP)) == {}


def test_lanes_of_blocks_are_told_apart() -> None:
    first, lane, place = (Local(name, DType.INT) for name in ("i0", "lane", "i"))
    index = Let(place, Apply("add", (Get(first), Get(lane)), DType.INT))
    store = Store(at(OUT, Get(place)), at(A, Get(place)))
    for step, expected in ((64, {A: OUT}), (1, {})):
        inner = loop(index, store, variable=lane)
        assert homes(MAKES, loop(inner, variable=first, step=step)) == expected


def test_arrays_that_are_more_than_elements_have_memory_of_their_own() -> None:
    ends = loop(Store(at(OUT), at(A)))
    assert homes(Fill(A, Const(0.0)), MAKES, ends) == {}
    shared = Shared(MAKES, SIZE, ((A, "add"),))
    assert homes(shared, ends) == {}
    assert homes(Shared(MAKES, SIZE, ()), Shared(ends, SIZE, ())) == {A: OUT}
    short = vector("short", size=Dim.of(9))
    assert lent((X,), (vector("y", "output", Dim.of(9)),), (Fill(short, Const(0.0)), ends)) == {}
    # What a function changes in place is a parameter.
    assert lent((OUT,), (OUT,), (MAKES, ends)) == {}
