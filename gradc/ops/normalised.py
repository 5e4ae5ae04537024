"""Rows of softmax and of the unit vector, and of the reductions that they are derivatives of.

Their Jacobians are `diag(p) - p p^T` and `I - u u^T`.  Both cancel where one element has almost
all of the weight: the derivative of `p_i` in `x_i` is `p_i (1 - p_i)`.  That element is known,
since the Jacobians take what is constant, or along `u`, to zero: what is to be multiplied is
shifted so that it vanishes there, and the element of the result follows from the others, whose
sum is zero.  The same steps serve both modes, because the matrices are symmetric; so the product
with each is a row of its own.

Conventions: `norm` has derivative 0 at 0.  Infinite elements share alike what the finite ones
lose: the softmax of (inf, 1, inf) is (1/2, 0, 1/2), and so is the derivative of `logsumexp`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from gradc.ir.graph import Atom, Equation, Lit
from gradc.ops import batch_rules
from gradc.ops.primitive import Form, Primitive
from gradc.ops.reductions import reduce_rule, same_rule, spread

if TYPE_CHECKING:
    from gradc.ops.builder import Builder, ParamList


def _params(eq: Equation) -> ParamList:
    return (("axes", eq.param("axes")),)


def _weighted(b: Builder, eq: Equation, weights: Atom, values: Atom) -> Atom:
    """The sum of products along the axes of an equation."""
    return b.sum(b.apply("mul", (weights, values)), eq.param("axes"))


# Softmax


def _logsumexp_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    return _weighted(b, eq, b.emit("softmax", eq.args, _params(eq)), tangent)


def _softmax_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    return b.emit("softmax_product", (eq.out, tangent), _params(eq))


def _softmax_product_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("softmax_product", (eq.args[0], ct), _params(eq))


def _softmax_product_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`dp (t - p.t) - p (dp.t)`, where t may be shifted, since the elements of dp add up to 0."""
    p, t = eq.args
    main = b.apply("gt", (p, Lit(0.6)))
    shift = b.sum(b.apply("select", (main, t, Lit(0.0))), eq.param("axes"))
    shifted = b.apply("sub", (t, spread(b, shift, eq)))
    mean = spread(b, _weighted(b, eq, p, shifted), eq)
    moved = b.apply("mul", (tangent, b.apply("sub", (shifted, mean))))
    lost = spread(b, _weighted(b, eq, tangent, shifted), eq)
    return b.apply("sub", (moved, b.apply("mul", (p, lost))))


# The unit vector


def _norm_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    return _weighted(b, eq, b.emit("unit", eq.args, _params(eq)), tangent)


def _unit_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`(I - u u^T) dx / norm(x)`, and 0 at 0: divided by infinity there, in both modes."""
    norm = spread(b, b.emit("norm", eq.args, _params(eq)), eq)
    across = b.emit("rejection", (eq.out, tangent), _params(eq))
    at_zero = b.apply("eq", (norm, Lit(0.0)))
    return b.apply("div", (across, b.apply("select", (at_zero, Lit(inf), norm))))


def _rejection_transpose(b: Builder, eq: Equation, ct: Atom, which: int) -> Atom:
    return b.emit("rejection", (eq.args[0], ct), _params(eq))


def _rejection_jvp(b: Builder, eq: Equation, tangent: Atom, which: int) -> Atom:
    """`-(du (u.t) + u (du.t))`."""
    u, t = eq.args
    along = b.apply("mul", (tangent, spread(b, _weighted(b, eq, u, t), eq)))
    turned = b.apply("mul", (u, spread(b, _weighted(b, eq, tangent, t), eq)))
    return b.apply("neg", (b.apply("add", (along, turned)),))


NORMALISED = (
    Primitive(
        "logsumexp",
        "`log(sum(exp(x)))`, without overflow.",
        reduce_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        jvp=_logsumexp_jvp,
        notes=("The derivative is the softmax.",),
        joins="logsumexp",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "softmax",
        "`exp(x) / sum(exp(x))`, without overflow; infinite elements share alike.",
        same_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("softmax")},
        jvp=_softmax_jvp,
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "softmax_product",
        "The Jacobian of softmax where its value is p, times t: `p * (t - sum(p*t))`.",
        same_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("softmax_product")},
        transpose=_softmax_product_transpose,
        jvp=_softmax_product_jvp,
        linear=frozenset({1}),
        notes=("Without cancellation where one element of p is near 1.",),
        pattern="along",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "norm",
        "The square root of the sum of squares, without overflow; derivative 0 at 0.",
        reduce_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        jvp=_norm_jvp,
        joins="norm",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "unit",
        "`x / norm(x)`, without overflow; 0 at 0; infinite elements share alike.",
        same_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("unit")},
        jvp=_unit_jvp,
        batch=batch_rules.along_axes,
        analytic=True,
    ),
    Primitive(
        "rejection",
        "What of t is at right angles to the unit vector u: `t - u * sum(u*t)`.",
        same_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("rejection")},
        transpose=_rejection_transpose,
        jvp=_rejection_jvp,
        linear=frozenset({1}),
        notes=("Without cancellation where one element of u is near 1 or -1.",),
        pattern="along",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
)
