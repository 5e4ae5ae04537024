"""Rows of functions with kinks or steps.

The policy is that of the language reference: `abs'(0) = 0`, `relu'(0) = 0`, ties share the
derivative equally, steps have derivative 0.
"""

from __future__ import annotations

import math
from math import copysign, inf, nan

from gradc.ops.expr import Expr, call, equal, where
from gradc.ops.primitive import (
    Edge,
    Fn,
    Helper,
    number_rule,
)
from gradc.ops.row import on, row


def _tie(wins: Expr, x: Expr, y: Expr) -> Expr:
    """1 for the winner, a half each at a tie, else 0."""
    return where(wins, 1.0, where(equal(x, y), 0.5, 0.0))


def _sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0.0) - (x < 0.0))


# What `minimum` and `maximum` give where operands are equal.
_TIES = (
    Edge((2.0, 2.0), 2.0, (0.5, 0.5)),
    Edge((0.0, -0.0), -0.0, (0.5, 0.5)),
    Edge((-0.0, 0.0), 0.0, (0.5, 0.5)),
)
_ZEROS = (
    "With arrays in Python, 0 and -0 are told apart as NumPy does it for the processor: on x86 "
    "the result is the second, elsewhere it may be 0 for the larger and -0 for the smaller.",
)

PIECEWISE = (
    row(
        "abs",
        "Absolute value.",
        lambda x, out: (call("sign", x),),
        Fn("abs"),
        Fn("np.abs"),
        Fn("Math.abs"),
        Helper("g_abs"),
        "abs(x)",
        domain=on("all reals", (0.2, 4.0)),
        rule=number_rule,
        edges=(Edge((-2.0,), 2.0, (-1.0,)),),
        kinks=(Edge((0.0,), 0.0, (0.0,)), Edge((-0.0,), 0.0, (0.0,))),
        exact=abs,
        sympy=Fn("Abs"),
        tame=True,
    ),
    row(
        "sign",
        "-1, 0 or 1 by the sign of the operand.",
        lambda x, out: (0,),
        Helper("sign"),
        Fn("np.sign"),
        Helper("sign"),
        Helper("g_sign"),
        "mp.sign(x)",
        domain=on("all reals", (0.2, 4.0)),
        edges=(Edge((-3.0,), -1.0, (0.0,)), Edge((nan,), nan)),
        kinks=(Edge((0.0,), 0.0, (0.0,)),),
        exact=_sign,
        tame=True,
    ),
    row(
        "relu",
        "`max(0, x)`.",
        lambda x, out: (where(x > 0.0, 1.0, 0.0),),
        Helper("relu"),
        Helper("relu"),
        Helper("relu"),
        Helper("g_relu"),
        "x if x > 0 else mp.mpf(0)",
        domain=on("all reals", (0.2, 4.0)),
        edges=(Edge((-3.0,), 0.0, (0.0,)), Edge((nan,), nan), Edge((inf,), inf, (1.0,))),
        kinks=(Edge((0.0,), 0.0, (0.0,)), Edge((-0.0,), 0.0, (0.0,))),
        exact=lambda x: 0.0 if x <= 0.0 else x,
        formula=lambda x: call("maximum", x, 0.0),
        tame=True,
    ),
    row(
        "floor",
        "Largest whole number not above the operand.",
        lambda x, out: (0,),
        Helper("floor"),
        Fn("np.floor"),
        Fn("Math.floor"),
        Fn("floor"),
        "mp.floor(x)",
        domain=on("all reals", (0.2, 0.8)),
        edges=(Edge((-1.5,), -2.0, (0.0,)), Edge((inf,), inf, (0.0,)), Edge((nan,), nan)),
        kinks=(Edge((2.0,), 2.0, (0.0,)),),
        exact=lambda x: copysign(math.floor(x), x) if math.isfinite(x) else x,
        tame=True,
    ),
    row(
        "ceil",
        "Smallest whole number not below the operand.",
        lambda x, out: (0,),
        Helper("ceil"),
        Fn("np.ceil"),
        Fn("Math.ceil"),
        Fn("ceil"),
        "mp.ceil(x)",
        domain=on("all reals", (0.2, 0.8)),
        edges=(Edge((-1.5,), -1.0, (0.0,)), Edge((-inf,), -inf, (0.0,)), Edge((nan,), nan)),
        kinks=(Edge((2.0,), 2.0, (0.0,)),),
        exact=lambda x: copysign(math.ceil(x), x) if math.isfinite(x) else x,
        sympy=Fn("ceiling"),
        tame=True,
    ),
    row(
        "minimum",
        "The smaller operand, elementwise; NaN if either is; of 0 and -0 the second.",
        lambda x, y, out: (_tie(x < y, x, y), _tie(y < x, x, y)),
        Helper("minimum"),
        Fn("np.minimum"),
        Helper("minimum"),
        Helper("g_minimum"),
        "min(x, y)",
        domain=on("all reals", (0.0, 1.0), (1.2, 2.0)),
        rule=number_rule,
        edges=(Edge((nan, 1.0), nan), Edge((-inf, 1.0), -inf, (1.0, 0.0))),
        kinks=_TIES,
        sympy=Fn("Min"),
        notes=_ZEROS,
        tame=True,
    ),
    row(
        "maximum",
        "The larger operand, elementwise; NaN if either is; of 0 and -0 the second.",
        lambda x, y, out: (_tie(x > y, x, y), _tie(y > x, x, y)),
        Helper("maximum"),
        Fn("np.maximum"),
        Helper("maximum"),
        Helper("g_maximum"),
        "max(x, y)",
        domain=on("all reals", (0.0, 1.0), (1.2, 2.0)),
        rule=number_rule,
        edges=(Edge((nan, 1.0), nan), Edge((inf, 1.0), inf, (1.0, 0.0))),
        kinks=_TIES,
        sympy=Fn("Max"),
        notes=_ZEROS,
        tame=True,
    ),
)
