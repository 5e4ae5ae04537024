"""What must hold for the derivatives of every graph: `check_derivatives`.

Forward and reverse mode are checked against each other by the dot product of a tangent and an
adjoint, and forward mode against differences.  The same is then asked of the graphs of the
derivatives themselves, which covers each mode of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from graph_values import Evaluator
from numeric import inner

from gradc.ad.forward import jvp
from gradc.ad.reverse import vjp
from gradc.ir.graph import DType, Graph, Var
from gradc.ir.read import read_graph
from gradc.passes.verify import verify

Data = Mapping[str, Any]


class Check:
    """Checks of one graph at one point."""

    def __init__(self, sizes: Mapping[str, int], seed: int = 0) -> None:
        self.sizes = sizes
        self.random = np.random.default_rng(seed)

    def value(self, graph: Graph, data: Data) -> dict[str, Any]:
        """The outputs."""
        return Evaluator(self.sizes).run(graph, data)

    def direction(self, variables: Sequence[Var]) -> dict[str, Any]:
        """A number for each element of some variables; nothing but zeros for integers."""
        found: dict[str, Any] = {}
        for var in variables:
            shape = tuple(dim.evaluate(self.sizes) for dim in var.type.shape)
            real = var.type.dtype is DType.REAL
            found[var.name] = self.random.normal(size=shape) if real else np.zeros(shape, int)
        return found

    def modes_agree(self, graph: Graph, data: Data, wrt: Sequence[Var]) -> None:
        """The dot product test, and that forward mode is the limit of differences."""
        forward, reverse = jvp(graph, wrt), vjp(graph, wrt)
        for derived in (forward.graph, reverse.graph):
            verify(derived)
            assert str(read_graph(str(derived))) == str(derived)
        tangents, seeds = self.direction(forward.seeds), self.direction(reverse.seeds)
        pushed = self.value(forward.graph, {**data, **tangents})
        pulled = self.value(reverse.graph, {**data, **seeds})
        for name, value in self.value(graph, data).items():
            np.testing.assert_array_equal(pushed[name], value)
            np.testing.assert_array_equal(pulled[name], value)
        real = [k for k, var in enumerate(graph.outputs) if var.type.dtype is DType.REAL]
        dots = [pushed[forward.tangents[k].name] for k in real]
        weights = [seeds[reverse.seeds[k].name] for k in real]
        adjoints = [pulled[var.name] for var in reverse.adjoints]
        left, size = inner(weights, dots)
        right, other = inner(adjoints, list(tangents.values()))
        assert abs(left - right) <= 1e-13 * max(size, other), (left, right)
        moves = {v.name: tangents[t.name] for v, t in zip(wrt, forward.seeds, strict=True)}
        for k, dot in zip(real, dots, strict=True):
            found = self.difference(graph, data, moves, graph.outputs[k].name)
            np.testing.assert_allclose(dot, found, rtol=1e-6, atol=1e-7)

    def difference(self, graph: Graph, data: Data, moves: Data, output: str) -> Any:
        """The derivative along a direction, extrapolated from central differences."""

        def at(h: float) -> Any:
            moved = {name: np.asarray(data[name]) + h * move for name, move in moves.items()}
            return self.value(graph, {**data, **moved})[output]

        d = [(at(h) - at(-h)) / (2 * h) for h in (2e-3, 1e-3, 5e-4)]
        e = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
        return (16 * e[1] - e[0]) / 15


def check_derivatives(
    graph: Graph,
    data: Data,
    sizes: Mapping[str, int] | None = None,
    wrt: Sequence[str] | None = None,
    second: bool = True,
) -> None:
    """All modes, of first order and of second."""
    verify(graph)
    check = Check(sizes or {})
    moving = [
        var
        for var in graph.inputs
        if var.type.dtype is DType.REAL and (wrt is None or var.name in wrt)
    ]
    check.modes_agree(graph, data, moving)
    if not second:
        return
    reverse = vjp(graph, moving)
    more = check.direction(reverse.seeds)
    seeds = [seed for seed in reverse.seeds if seed.type.dtype is DType.REAL]
    check.modes_agree(reverse.graph, {**data, **more}, [*moving, *seeds])
    forward = jvp(graph, moving)
    more = check.direction(forward.seeds)
    check.modes_agree(forward.graph, {**data, **more}, [*moving, *forward.seeds])
