"""Equations that the language has in one form only, brought into that form.

`softmax` runs over the last axis, `concat` and `stack` join along the first, and `scatter_add`
adds rows at places given by vectors; other axes are brought there by transposing and reshaping.
Products with the Jacobians of `softmax` and of the unit vector are written out as textbooks do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradc.ir.dims import Dim, product
from gradc.ir.graph import Atom, Equation, Graph, Lit
from gradc.ops.arrays import joined_axis
from gradc.ops.builder import Builder
from gradc.ops.primitive import Form
from gradc.ops.reductions import spread
from gradc.ops.table import PRIMITIVES
from gradc.passes.rewriting import Rule, rewritten
from gradc.targets.g.whole import scatters_rows


def canonical(graph: Graph) -> Graph:
    """The graph with equations that the language has."""
    return rewritten(graph, lambda graph: _Canonical(Builder(graph.names())))


class _Canonical:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.equations = builder.equations

    def replacement(self, equation: Equation) -> tuple[Atom, ...] | None:
        spelling = PRIMITIVES[equation.op].spell["g"]
        rule = _RULES.get(spelling.name) if isinstance(spelling, Form) else None
        if rule is None:
            return None
        builder = self.builder
        builder.origin, builder.stem = equation.origin, equation.out.name.partition("%")[0]
        found = rule(builder, equation)
        return None if found is None else (found,)

    @property
    def keep(self) -> Callable[[Equation], None]:
        return self.builder.append

    def within(self) -> Rule:
        return _Canonical(self.builder.nested())


def _transposed(b: Builder, value: Atom, perm: Sequence[int]) -> Atom:
    return b.reduced("transpose", (value,), (("perm", tuple(perm)),))


def _inverse(perm: Sequence[int]) -> list[int]:
    return [perm.index(axis) for axis in range(len(perm))]


def _reshaped(b: Builder, value: Atom, shape: Sequence[Dim]) -> Atom:
    return b.reduced("reshape", (value,), (("shape", tuple(shape)),))


def _softmax(b: Builder, equation: Equation) -> Atom | None:
    """Over the last axis: the axes brought to the end and made one."""
    value, axes = equation.args[0], equation.param("axes")
    rank = len(value.type.shape)
    if axes == (rank - 1,):
        return None
    left = [axis for axis in range(rank) if axis not in axes]
    perm = [*left, *axes]
    turned = _transposed(b, value, perm)
    shape = turned.type.shape
    flat = _reshaped(b, turned, (*shape[: len(left)], product(shape[len(left) :])))
    weights = b.emit(equation.op, (flat,), (("axes", (len(left),)),))
    return _transposed(b, _reshaped(b, weights, shape), _inverse(perm))


def _softmax_product(b: Builder, equation: Equation) -> Atom | None:
    """`p * (t - sum(p*t))`."""
    p, t = equation.args
    return b.apply("mul", (p, b.apply("sub", (t, _weighted(b, equation, p, t)))))


def _unit(b: Builder, equation: Equation) -> Atom | None:
    """`x / norm(x)`, and 0 at 0."""
    norm = spread(b, b.emit("norm", equation.args, equation.params), equation)
    quotient = b.apply("div", (equation.args[0], norm))
    return b.apply("select", (b.apply("eq", (norm, Lit(0.0))), Lit(0.0), quotient))


def _rejection(b: Builder, equation: Equation) -> Atom | None:
    """`t - u * sum(u*t)`."""
    u, t = equation.args
    return b.apply("sub", (t, b.apply("mul", (u, _weighted(b, equation, u, t)))))


def _weighted(b: Builder, equation: Equation, weights: Atom, values: Atom) -> Atom:
    """The sum of products along the axes of an equation, repeated along them."""
    total = b.sum(b.apply("mul", (weights, values)), equation.param("axes"))
    return spread(b, total, equation)


def _join(b: Builder, equation: Equation) -> Atom | None:
    """Along the first axis."""
    axis = joined_axis(dict(equation.params))
    if axis == 0:
        return None
    rank = len(equation.out.type.shape)
    perm = [axis, *(a for a in range(rank) if a != axis)]
    parts = equation.args
    if len(parts[0].type.shape) == rank:
        parts = tuple(_transposed(b, part, perm) for part in parts)
    return _transposed(b, b.emit(equation.op, parts), _inverse(perm))


def _scatter_add(b: Builder, equation: Equation) -> Atom | None:
    """Rows at places: the axes of the places brought to the front and made one."""
    value, *indices = equation.args
    axes, shape = equation.param("axes"), equation.param("shape")
    places = next((index.type.shape for index in indices if index.type.shape), ())
    if not places or scatters_rows(equation):
        return None
    neighbours = tuple(range(axes[0], axes[0] + len(axes))) == axes
    first, count = (axes[0] if neighbours else 0), len(places)
    rank = len(value.type.shape)
    front = list(range(first, first + count))
    rows = _transposed(b, value, [*front, *(a for a in range(rank) if a not in front)])
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    number = product(places)
    rows = _reshaped(b, rows, (number, *(shape[axis] for axis in rest)))
    flat = [_reshaped(b, b.broadcast(index, places, ()), (number,)) for index in indices]
    wide = tuple(shape[axis] for axis in (*axes, *rest))
    params = (("shape", wide), ("axes", tuple(range(len(axes)))))
    return _transposed(b, b.emit(equation.op, (rows, *flat), params), _inverse([*axes, *rest]))


_RULES: dict[str, Callable[[Builder, Equation], Atom | None]] = {
    "softmax": _softmax,
    "softmax_product": _softmax_product,
    "unit": _unit,
    "rejection": _rejection,
    "concat": _join,
    "stack": _join,
    "scatter_add": _scatter_add,
}
