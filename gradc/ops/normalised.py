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


# The values by simpler rows, as the helpers of the NumPy target have them


def _squares(b: Builder, eq: Equation, values: Atom) -> Atom:
    """The sum of squares along the axes of an equation."""
    return _weighted(b, eq, values, values)


def _joined(b: Builder, eq: Equation, op: str, values: Atom) -> Atom:
    return b.emit(op, (values,), _params(eq))


def _above_top(b: Builder, eq: Equation) -> tuple[Atom, Atom, Atom]:
    """The maximum, which elements attain it, and the exponentials of what they are above it."""
    x = eq.args[0]
    top = _joined(b, eq, "max", x)
    whole = spread(b, top, eq)
    return top, b.apply("eq", (x, whole)), b.apply("exp", (b.apply("sub", (x, whole)),))


def _logsumexp_steps(b: Builder, eq: Equation) -> Atom:
    top, tie, powers = _above_top(b, eq)
    rest = b.sum(b.apply("select", (tie, Lit(0.0), powers)), eq.param("axes"))
    others = b.apply("sub", (_joined(b, eq, "count", tie), Lit(1.0)))
    return b.apply("add", (top, b.apply("log1p", (b.apply("add", (others, rest)),))))


def _softmax_steps(b: Builder, eq: Equation) -> Atom:
    _, tie, powers = _above_top(b, eq)
    weights = b.apply("select", (tie, Lit(1.0), powers))
    return b.apply("div", (weights, spread(b, b.sum(weights, eq.param("axes")), eq)))


def _softmax_product_steps(b: Builder, eq: Equation) -> Atom:
    p, t = eq.args
    main = b.apply("gt", (p, Lit(0.6)))
    rest = b.apply("select", (main, Lit(0.0), p))
    shift = b.sum(b.apply("select", (main, t, Lit(0.0))), eq.param("axes"))
    moved = b.apply("sub", (t, spread(b, shift, eq)))
    mean = spread(b, _weighted(b, eq, rest, moved), eq)
    out = b.apply("mul", (rest, b.apply("sub", (moved, mean))))
    total = b.apply("neg", (spread(b, b.sum(out, eq.param("axes")), eq),))
    return b.apply("select", (main, total, out))


def _scale(b: Builder, eq: Equation) -> Atom:
    """A power of two with which the squares of the elements neither overflow nor vanish."""
    squares = _squares(b, eq, eq.args[0])
    huge = b.apply("select", (b.apply("gt", (squares, Lit(2.0**960))), Lit(2.0**-600), Lit(1.0)))
    return b.apply("select", (b.apply("lt", (squares, Lit(2.0**-960))), Lit(2.0**600), huge))


def _norm_steps(b: Builder, eq: Equation) -> Atom:
    scale = _scale(b, eq)
    scaled = b.apply("mul", (eq.args[0], spread(b, scale, eq)))
    return b.apply("div", (b.apply("sqrt", (_squares(b, eq, scaled),)), scale))


def _unit_steps(b: Builder, eq: Equation) -> Atom:
    x = eq.args[0]
    scaled = b.apply("mul", (x, spread(b, _scale(b, eq), eq)))
    infinite = b.apply("eq", (_squares(b, eq, scaled), Lit(inf)))
    endless = b.apply("eq", (b.apply("abs", (x,)), Lit(inf)))
    direction = b.apply("select", (endless, b.apply("sign", (x,)), Lit(0.0)))
    scaled = b.apply("select", (spread(b, infinite, eq), direction, scaled))
    length = b.apply("sqrt", (_squares(b, eq, scaled),))
    divisor = b.apply("select", (b.apply("eq", (length, Lit(0.0))), Lit(1.0), length))
    return b.apply("div", (scaled, spread(b, divisor, eq)))


def _rejection_steps(b: Builder, eq: Equation) -> Atom:
    u, t = eq.args
    main = b.apply("gt", (b.apply("mul", (u, u)), Lit(0.6)))
    largest = b.sum(b.apply("select", (main, u, Lit(0.0))), eq.param("axes"))
    divisor = b.apply("select", (b.apply("eq", (largest, Lit(0.0))), Lit(1.0), largest))
    along = b.sum(b.apply("select", (main, t, Lit(0.0))), eq.param("axes"))
    multiple = spread(b, b.apply("div", (along, divisor)), eq)
    rest = b.apply("select", (main, Lit(0.0), u))
    moved = b.apply("sub", (t, b.apply("mul", (multiple, u))))
    moved = b.apply("select", (main, Lit(0.0), moved))
    mean = spread(b, _weighted(b, eq, rest, moved), eq)
    out = b.apply("sub", (moved, b.apply("mul", (rest, mean))))
    total = b.apply("div", (b.apply("neg", (_weighted(b, eq, u, out),)), divisor))
    return b.apply("select", (main, spread(b, total, eq), out))


NORMALISED = (
    Primitive(
        "logsumexp",
        "`log(sum(exp(x)))`, without overflow.",
        reduce_rule,
        {"numpy": Form("reduce"), "js": Form("reduce"), "g": Form("reduce")},
        jvp=_logsumexp_jvp,
        expansion=_logsumexp_steps,
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
        expansion=_softmax_steps,
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
        expansion=_softmax_product_steps,
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
        expansion=_norm_steps,
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
        expansion=_unit_steps,
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
        expansion=_rejection_steps,
        linear=frozenset({1}),
        notes=("Without cancellation where one element of u is near 1 or -1.",),
        pattern="along",
        batch=batch_rules.along_axes,
        analytic=True,
    ),
)
