"""Which results depend on which operands, through calls and loops as well: `Activity`.

A dependence is one that a derivative goes through: from reals, by equations that have a
derivative, to reals.  It is found once for each graph, as sets of inputs written as the bits of
an integer, and holds for every choice of what is differentiated with respect to what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gradc.ad.rules import differentiable
from gradc.ir.graph import Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.ops.table import PRIMITIVES

STRUCTURED = frozenset(name for name, row in PRIMITIVES.items() if row.structured)

# Equations that ask for derivatives, until `expand` writes those.
REQUESTS = frozenset({"grad", "jacobian", "hessian"})


class Flow(NamedTuple):
    """How a loop passes derivatives on, as bits of its arguments.

    `step` is what one step does: for each output of the body, the inputs of the body that it
    depends on.
    """

    results: tuple[int, ...]
    step: tuple[int, ...]


class Activity:
    """Finds dependences, and remembers those of graphs."""

    def __init__(self) -> None:
        self._graphs: dict[Graph, tuple[int, ...]] = {}
        self._loops: dict[tuple[Graph, int, bool, bool], Flow] = {}

    def dependents(self, equations: Iterable[Equation], roots: Iterable[Var]) -> set[Var]:
        """The differentiable quantities that depend on the roots, the roots included."""
        found = set(roots)
        for equation in equations:
            if equation.op in STRUCTURED:
                given = 0
                for i, arg in enumerate(equation.args):
                    if arg in found:
                        given |= 1 << i
                if given:
                    masks = self.of(equation)
                    pairs = zip(equation.outs, masks, strict=True)
                    found.update(out for out, mask in pairs if mask & given)
                continue
            if equation.out in found or not differentiable(equation.out):
                continue
            for var in equation.inputs():
                if var in found:
                    found.add(equation.out)
                    break
        return found

    def of(self, equation: Equation) -> tuple[int, ...]:
        """For each result of an equation that holds graphs, the operands that it depends on."""
        params = dict(equation.params)
        if "body" in params:
            return self.flow(Loop.of(equation)).results
        if params.get("partials") is not None:
            reals = sum(1 << i for i, arg in enumerate(equation.args) if differentiable(arg))
            return (reals,)
        return self._of_graph(params["graph"])

    def flow(self, loop: Loop) -> Flow:
        """How a loop passes derivatives from its operands to its results."""
        key = (loop.body, loop.carried, loop.counted, loop.condition is None)
        if key not in self._loops:
            self._loops[key] = self._flow(loop)
        return self._loops[key]

    def _of_graph(self, graph: Graph) -> tuple[int, ...]:
        if graph not in self._graphs:
            masks = {var: 1 << i for i, var in enumerate(graph.inputs) if differentiable(var)}
            for equation in graph.equations:
                self._spread(equation, masks)
            self._graphs[graph] = tuple(masks.get(var, 0) for var in graph.outputs)
        return self._graphs[graph]

    def _spread(self, equation: Equation, masks: dict[Var, int]) -> None:
        row = PRIMITIVES[equation.op]
        given = [masks.get(arg, 0) if type(arg) is Var else 0 for arg in equation.args]
        if row.structured:
            for out, taken in zip(equation.outs, self.of(equation), strict=True):
                mask = _union(m for i, m in enumerate(given) if taken >> i & 1)
                if mask:
                    masks[out] = mask
        elif row.constant is None and differentiable(equation.out):
            mask = _union(given)
            if mask:
                masks[equation.out] = mask

    def _flow(self, loop: Loop) -> Flow:
        step = self._of_graph(loop.body)
        # Bit i of an input of the body is bit i - 1 of what follows; t has no derivative.
        carried = [mask >> 1 for mask in step[: loop.carried]]
        finals = [
            mask | (1 << j) if differentiable(out) else 0
            for j, (mask, out) in enumerate(zip(carried, loop.finals, strict=True))
        ]
        changed = True
        while changed:
            changed = False
            for j, mask in enumerate(finals):
                closed = mask | _union(finals[k] for k in _bits(mask, loop.carried))
                changed |= closed != mask
                finals[j] = closed
        collected = [
            (mask >> 1) | _union(finals[k] for k in _bits(mask >> 1, loop.carried))
            for mask in step[loop.carried :]
        ]
        shift = 1 if loop.counted else 0
        masks = [mask << shift for mask in (*finals, *collected)]
        return Flow((*masks, 0) if loop.steps is not None else tuple(masks), step)


def _union(masks: Iterable[int]) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total


def _bits(mask: int, below: int) -> Sequence[int]:
    return [j for j in range(below) if mask >> j & 1]
