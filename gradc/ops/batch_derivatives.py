"""How derivatives inside a program are repeated over labels.

For each value of a label, an element depends on the elements of the same value alone.  So a
quantity is summed over the labels that it shares with what it is differentiated by: of the
sum, the derivative in an element is that of the one summand that depends on it.  Labels that
are not shared are axes of a Jacobian like others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradc.ir.dims import Shape
from gradc.ir.graph import Atom, DType, Equation, Type, Var
from gradc.ops.labels import Batched, Extents, transposed

if TYPE_CHECKING:
    from gradc.ops.builder import Builder, ParamList

Rule = Callable[["Builder", Equation, Sequence[Batched], Extents], Batched]


def _jacobian(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    value, of = args
    return _jacobian_of(b, value, of, eq.params)


def _hessian(b: Builder, eq: Equation, args: Sequence[Batched], extents: Extents) -> Batched:
    value, of = args
    if not value.labels and not of.labels:
        shape = of.atom.type.shape * 2
        return Batched(_emit(b, "hessian", value.atom, of.atom, shape, eq.params))
    slope = _jacobian_of(b, value, of, eq.params)
    return _jacobian_of(b, slope, of, eq.params)


def _jacobian_of(b: Builder, value: Batched, of: Batched, params: ParamList) -> Batched:
    """The derivative of every own element of one quantity by every own element of another."""
    shared = [i for i, label in enumerate(value.labels) if label in of.labels]
    rest = tuple(label for label in value.labels if label not in of.labels)
    total = b.sum(value.atom, shared)
    x = of.atom
    if not total.type.shape:
        return Batched(_emit(b, "grad", total, x, x.type.shape, params), of.labels)
    found = _emit(b, "jacobian", total, x, (*total.type.shape, *x.type.shape), params)
    before = range(len(rest))
    own = range(len(rest), len(total.type.shape))
    end = len(total.type.shape) + len(of.labels)
    by = range(len(total.type.shape), end)
    perm = (*before, *by, *own, *range(end, len(found.type.shape)))
    return Batched(transposed(b, found, perm), (*rest, *of.labels))


def _emit(b: Builder, op: str, value: Atom, of: Atom, shape: Shape, params: ParamList) -> Var:
    """Append a derivative, for which the table has no row."""
    out = Var(b.fresh(b.stem), Type(DType.REAL, shape))
    b.append(Equation(out, op, (value, of), params, b.origin))
    return out


DERIVATIVES: Mapping[str, Rule] = {
    "grad": _jacobian,  # of a scalar
    "jacobian": _jacobian,
    "hessian": _hessian,
}
