"""Rows of the reductions other than sums.

Each states its JVP in terms of other rows; it is linear in the tangent, and the VJP is its
transpose.  `axes` are the axes that are reduced, ascending.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradc.ir.dims import product
from gradc.ir.graph import Atom, DType, Equation, Lit, Type
from gradc.ops import batch_rules
from gradc.ops.arrays import reduced_shape
from gradc.ops.primitive import Form, Helper, Params, Primitive, TypeMismatchError

if TYPE_CHECKING:
    from gradc.ops.builder import Builder


def reduce_rule(types: Sequence[Type], params: Params) -> Type:
    """The type of the operand without the axes that are reduced."""
    return Type(types[0].dtype, reduced_shape(types[0].shape, params["axes"]))


def _count_rule(types: Sequence[Type], params: Params) -> Type:
    return Type(DType.REAL, reduced_shape(types[0].shape, params["axes"]))


def _truth_rule(types: Sequence[Type], params: Params) -> Type:
    if types[0].dtype is not DType.BOOL:
        raise TypeMismatchError("truth values are needed")
    return Type(DType.BOOL, reduced_shape(types[0].shape, params["axes"]))


def _place_rule(types: Sequence[Type], params: Params) -> Type:
    if len(params["axes"]) != 1:
        raise TypeMismatchError("a place is one on a single axis")
    if types[0].dtype is DType.BOOL:
        raise TypeMismatchError("numbers are needed")
    return Type(DType.INT, reduced_shape(types[0].shape, params["axes"]))


def same_rule(types: Sequence[Type], params: Params) -> Type:
    """The type of the first operand."""
    return types[0]


def spread(b: Builder, reduced: Atom, eq: Equation) -> Atom:
    """A reduced quantity, repeated along the axes that were reduced."""
    shape, axes = eq.args[0].type.shape, eq.param("axes")
    if len(axes) == len(shape):
        return reduced
    return b.broadcast(reduced, shape, tuple(a for a in range(len(shape)) if a not in axes))


def _extremum_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """The mean of the tangents of all elements that attain the extremum."""
    attained = b.apply("eq", (eq.args[0], spread(b, eq.out, eq)))
    count = b.emit("count", (attained,), (("axes", eq.param("axes")),))
    tangents = b.apply("select", (attained, tangent, Lit(0.0)))
    return b.sum(b.apply("div", (tangents, spread(b, count, eq))), eq.param("axes"))


def _prod_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`sum_i dx_i prod_{j != i} x_j`, along a last axis that all axes reduced become."""
    shape, axes = eq.args[0].type.shape, eq.param("axes")
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
    along = (*(shape[axis] for axis in kept), product(shape[axis] for axis in axes))

    def lined_up(value: Atom) -> Atom:
        if (*kept, *axes) != tuple(range(len(shape))):
            value = b.emit("transpose", (value,), (("perm", (*kept, *axes)),))
        return value if len(axes) == 1 else b.emit("reshape", (value,), (("shape", along),))

    others = b.emit("prod_others", (lined_up(eq.args[0]),))
    return b.sum(b.apply("mul", (others, lined_up(tangent))), (len(kept),))


def _prod_others_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`d prod_{j != i} x_j`: a row for each i with x_i replaced by the constant 1.

    Quadratic in the length of the axis; only second derivatives of `prod` come here.
    """
    shape = eq.out.type.shape
    n, rank = shape[-1], len(shape)
    rows = (*shape, n)
    along = (*range(rank - 1), rank)
    unit = b.emit("diagonal_matrix", (b.broadcast(Lit(1.0), (n,), ()),))
    own = b.apply("eq", (b.broadcast(unit, rows, (rank - 1, rank)), Lit(1.0)))
    others = b.emit(
        "prod_others",
        (b.apply("select", (own, Lit(1.0), b.broadcast(eq.args[0], rows, along))),),
    )
    moved = b.apply("select", (own, Lit(0.0), b.broadcast(tangent, rows, along)))
    return b.sum(b.apply("mul", (others, moved)), (rank,))


_ZEROS = "Of zeros of both signs it may be either."

REDUCTIONS = (
    Primitive(
        "max",
        "The largest element; NaN if there is one; ties share the derivative equally.",
        reduce_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        jvp=_extremum_jvp,
        notes=("The maximum of no elements is -inf.", _ZEROS),
        joins="max",
        batch=batch_rules.along_axes,
    ),
    Primitive(
        "min",
        "The smallest element; NaN if there is one; ties share the derivative equally.",
        reduce_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        jvp=_extremum_jvp,
        notes=("The minimum of no elements is inf.", _ZEROS),
        joins="min",
        batch=batch_rules.along_axes,
    ),
    Primitive(
        "prod",
        "The product of all elements.",
        reduce_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        jvp=_prod_jvp,
        notes=("Exact where elements are zero: the partial is the product of the others.",),
        joins="prod",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "prod_others",
        "For each element, the product of all others on the last axis.",
        same_rule,
        {"numpy": Helper("prod_others"), "js": Helper("prod_others"), "g": Form("of_vectors")},
        jvp=_prod_others_jvp,
        batch=batch_rules.over_leading,
        analytic=True,
    ),
    Primitive(
        "count",
        "The number of elements that hold.",
        _count_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("count")},
        constant="a count of truth values has no derivative",
        joins="sum",
        batch=batch_rules.along_axes,
    ),
    Primitive(
        "any",
        "Whether some element holds; false where there is none.",
        _truth_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("bracket")},
        constant="a truth value has no derivative",
        joins="any",
        batch=batch_rules.along_axes,
    ),
    Primitive(
        "all",
        "Whether every element holds; true where there is none.",
        _truth_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("bracket")},
        constant="a truth value has no derivative",
        joins="all",
        batch=batch_rules.along_axes,
    ),
    Primitive(
        "argmax",
        "The place of the largest element on one axis, the first one of ties.",
        _place_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("bracket")},
        constant="an index has no derivative",
        notes=("A NaN counts as the largest.", "No element is an error."),
        batch=batch_rules.along_axes,
    ),
    Primitive(
        "argmin",
        "The place of the smallest element on one axis, the first one of ties.",
        _place_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("bracket")},
        constant="an index has no derivative",
        notes=("A NaN counts as the smallest.", "No element is an error."),
        batch=batch_rules.along_axes,
    ),
)
