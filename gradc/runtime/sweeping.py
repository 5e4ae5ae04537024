"""How the error of the linear prediction falls with the size of a nudge.

Sizes go down by factors of ten from the one given until round-off hides the error, and up from
it where that leaves too few to see an order.  The order is observed between neighbours: 2 where
the program is smooth, 1 at a kink, 0 at a jump.

Deliberately absent: words (`report.nudge`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gradc.ad.forward import jvp
from gradc.ir.changes import Change, Size, Sweep, Trend
from gradc.ir.graph import Graph, Lit, Var
from gradc.ir.program import Program
from gradc.runtime.moving import Mover, sized

FEWEST = 4  # sizes at which the error should be seen
MOST_UP = 4  # sizes above the one given, to see it
MOST_DOWN = 9  # sizes from the one given on


def sweep(mover: Mover, linear: bool) -> Sweep:
    """Try one size after another; `linear` says that the program is, by its structure."""

    def at(scale: float) -> Size:
        return sized(scale, mover.total(mover.step(scale)))

    found = [at(1.0)]
    while len(found) < MOST_DOWN and found[-1].finite and found[-1].seen:
        found.append(at(10.0 ** -len(found)))
    larger = 1
    while larger <= MOST_UP and sum(size.seen for size in found) < FEWEST:
        found.insert(0, at(10.0**larger))
        larger += 1
        if not found[0].finite:
            break
    sizes = tuple(_with_orders(found))
    return Sweep(sizes, *_trend(sizes, linear))


def settles(now: Change, then: Change, scale: float) -> bool:
    """Whether the relative error of a prediction falls when the nudge does, to so many times it.

    It does not at a kink and at a jump.  Where round-off hides the error, it is said to.
    """
    larger, smaller = sized(1.0, now), sized(scale, then)
    if not (larger.finite and smaller.finite and larger.seen and smaller.seen):
        return True
    return smaller.error < 0.25 * larger.error * scale


def is_linear(program: Program, moving: Sequence[Var]) -> bool:
    """Whether the second derivative along inputs is zero by the structure of the program, as it
    is too where that consists of linear pieces."""
    first = jvp(program.graph, moving)
    second = jvp(replace(first.graph, outputs=first.tangents), moving)
    return all(_is_zero(second.graph, var) for var in second.tangents)


def _is_zero(graph: Graph, var: Var) -> bool:
    """Whether a quantity is nothing but zeros, by its definition."""
    definitions = {equation.out: equation for equation in graph.equations}
    while var in definitions and definitions[var].op in ("copy", "broadcast"):
        (arg,) = definitions[var].args
        if type(arg) is not Var:
            return isinstance(arg, Lit) and arg.value == 0.0
        var = arg
    return False


def _with_orders(sizes: Sequence[Size]) -> list[Size]:
    found = [sizes[0]]
    for larger, size in pairwise(sizes):
        order = None
        if larger.finite and size.finite and larger.seen and size.seen:
            order = math.log10(larger.error / size.error) / math.log10(larger.scale / size.scale)
        found.append(size._replace(order=order))
    return found


def _trend(sizes: Sequence[Size], linear: bool) -> tuple[Trend, float | None]:
    if not any(size.finite for size in sizes):
        return "not finite", None
    if not any(size.seen for size in sizes):
        if linear:
            return "linear", None
        moved = any(size.actual or size.predicted for size in sizes)
        small = all(abs(size.actual) <= size.round_off for size in sizes)
        return ("round-off" if moved and small else "exact"), None
    orders = [size.order for size in sizes if size.order is not None]
    if not orders:
        return "round-off", None
    order = orders[-1] if len(orders) < 2 else min(orders[-2:], key=lambda o: abs(o - round(o)))
    nearest: dict[int, Trend] = {0: "jump", 1: "kink"}
    if abs(order - round(order)) > 0.2:
        return "between", order
    return nearest.get(round(order), "smooth"), order
