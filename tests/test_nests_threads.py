"""Which loops threads share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from test_nests import derivatives

from gradc.nests.build import build
from gradc.nests.model import Buffer, Const, Fill, For, Let, Local, Shared, Store
from gradc.nests.walk import every, expressions, locals_read

TEXT = """param x[N], c[M]
loop j in M carry p = zeros(3) { p = p*x[0] + c[j] }
J = sum(p*p) + sum(exp(x))
"""


def test_loops_that_only_fill_are_not_shared() -> None:
    """The adjoint of `c` begins with zeros, to which the loop adds."""
    _, graphs = derivatives(TEXT)
    body = build("f", graphs[1]).body
    filled = [stmt for stmt in every(body) if isinstance(stmt, Store) and _fills(stmt)]
    assert filled or any(isinstance(stmt, Fill) for stmt in every(body))
    shared = [stmt for stmt in every(body) if isinstance(stmt, Shared)]
    assert shared
    for each in shared:
        assert not all(_fills(stmt) for stmt in every(each.loop.body))


def _fills(stmt: object) -> bool:
    return isinstance(stmt, Store) and isinstance(stmt.value, Const)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "param a[N,K], w[N]\nm[n] = min[k](a[n,k])\n"
        "c[n] = sum[k](1 if a[n,k] == m[n] else 0)\nJ = sum(m*c*w)\n",
        "param x[N,D], c[K,D]\nd[n,k] = sum[j]((x[n,j] - c[k,j])^2)\n"
        "m[n] = min[k](d[n,k])\nJ = sum(m) + sum[k](max[n](d[n,k]))\n",
        "param a[N,D], q[K,D,D]\ny[n,k,i] = sum[j](q[k,i,j]*(a[n,j] - 1))\n"
        "e[n,k] = sum[i](y[n,k,i]^2)\nJ = sum[n](ln(sum[k](exp(-e[n,k]))))\n",
        "param x[N,M], y[N]\ns[n] = max[m](x[n,m]*y[n])\n"
        "t[n,m] = exp(x[n,m] - s[n])\nJ = sum[n](sum[m](t[n,m])*y[n])\n",
    ],
)
def test_no_two_threads_write_one_element(text: str) -> None:
    _, graphs = derivatives(text)
    for graph in graphs:
        for stmt in every(build("f", graph).body):
            if isinstance(stmt, Shared):
                assert not list(_written_by_all(stmt))


def _written_by_all(shared: Shared) -> Iterator[Buffer]:
    """What is written at places that do not depend on the index, and is no copy of a thread."""
    own = {*shared.private, *(place for place, _ in shared.joined)}
    moving: set[Local] = {shared.loop.variable}
    for stmt in every(shared.loop.body):
        if isinstance(stmt, (Let, For)) and not moving.isdisjoint(locals_read(expressions(stmt))):
            moving.add(stmt.local if isinstance(stmt, Let) else stmt.variable)
        if isinstance(stmt, Store) and moving.isdisjoint(locals_read(stmt.target.at)):
            yield from {stmt.target.buffer} - own
        if isinstance(stmt, Fill) and stmt.buffer not in own:
            yield stmt.buffer
