"""Which loops threads share."""

from __future__ import annotations

from test_nests import derivatives

from gradc.nests.build import build
from gradc.nests.model import Const, Fill, Shared, Store
from gradc.nests.rows_to_pad import everything

TEXT = """param x[N], c[M]
loop j in M carry p = zeros(3) { p = p*x[0] + c[j] }
J = sum(p*p) + sum(exp(x))
"""


def test_loops_that_only_fill_are_not_shared() -> None:
    """The adjoint of `c` begins with zeros, to which the loop adds."""
    _, graphs = derivatives(TEXT)
    body = build("f", graphs[1]).body
    filled = [stmt for stmt in everything(body) if isinstance(stmt, Store) and _fills(stmt)]
    assert filled or any(isinstance(stmt, Fill) for stmt in everything(body))
    shared = [stmt for stmt in everything(body) if isinstance(stmt, Shared)]
    assert shared
    for each in shared:
        assert not all(_fills(stmt) for stmt in everything(each.loop.body))


def _fills(stmt: object) -> bool:
    return isinstance(stmt, Store) and isinstance(stmt.value, Const)
