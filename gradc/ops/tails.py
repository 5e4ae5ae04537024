"""Rows of what is worth keeping of `sigmoid` and `tanh`.

Both functions and their derivatives follow of one number and the sign of x by little arithmetic,
and without loss: where the function is close to 1 or -1, of how far it is from there.  A loop that
is to be run backwards keeps that number and computes no second exponential (`Primitive.kept`).  The
number says by itself which of two it is, and x is asked for its sign only, because x may be
computed again and differ in its last bit.  The language has no names for these rows:
`passes/keeping.py` writes them.
"""

from __future__ import annotations

from math import copysign, inf, tanh

from gradc.ops.expr import Expr, call, equal, power, where
from gradc.ops.primitive import Edge, Fn, Helper
from gradc.ops.row import REAL_LINE, WIDE, on, row

NEAR = 0.55  # up to where the number kept of `tanh` is that of `tanh` itself


def sigmoid_by_tail(x: Expr) -> Expr:
    """`sigmoid(x)`."""
    tail = call("sigmoid_tail", x)
    return where(x < 0.0, tail, 1.0 - tail)


def tanh_by_part(x: Expr) -> Expr:
    """`tanh(x)`."""
    part = call("tanh_part", x)
    return call("copysign", where(_is_far(part), 1.0 + part, part), x)


def _is_far(part: Expr) -> Expr:
    """Whether a number kept of `tanh` is its distance from 1, which may be a negative zero."""
    return call("copysign", 1.0, part) < 0.0


def _signed(x: Expr, slope: Expr) -> Expr:
    """The derivative in x of what has that slope in |x|."""
    return where(x < 0.0, -slope, slope)


TAILS = (
    row(
        "sigmoid_tail",
        "`sigmoid(-abs(x))`: the smaller one of `sigmoid(x)` and `1 - sigmoid(x)`.",
        lambda x, out: (_signed(x, -(out * (1.0 - out))),),
        Helper("sigmoid_tail"),
        Helper("sigmoid_tail"),
        Helper("sigmoid_tail"),
        Helper("g_sigmoid_tail"),
        "1 / (1 + mp.exp(abs(x)))",
        domain=REAL_LINE,
        edges=(Edge((-inf,), 0.0, (0.0,)), Edge((inf,), 0.0, (0.0,))),
        kinks=(Edge((0.0,), 0.5, (-0.25,)),),
        formula=lambda x: 1.0 / (1.0 + call("exp", call("abs", x))),
    ),
    row(
        "tanh_part",
        "`tanh(abs(x))` near 0, and the negative `tanh(abs(x)) - 1` elsewhere.",
        lambda x, out: (
            _signed(x, where(_is_far(out), -(out * (2.0 + out)), 1.0 - power(out, 2))),
        ),
        Helper("tanh_part"),
        Helper("tanh_part"),
        Helper("tanh_part"),
        Helper("g_tanh_part"),
        f"mp.tanh(abs(x)) if abs(x) < {NEAR} else -2 / (1 + mp.exp(2 * abs(x)))",
        domain=REAL_LINE,
        edges=(
            Edge((-inf,), -0.0, (0.0,)),
            Edge((inf,), -0.0, (0.0,)),
            Edge((-0.25,), tanh(0.25)),
        ),
        kinks=(Edge((0.0,), 0.0, (1.0,)),),
        notes=("The sign says which of the two it is.",),
        formula=lambda x: where(
            call("abs", x) < NEAR,
            call("tanh", call("abs", x)),
            -2.0 / (1.0 + call("exp", 2.0 * call("abs", x))),
        ),
    ),
    row(
        "copysign",
        "`abs(x)` with the sign of y, also of a zero.",
        lambda x, y, out: (where(equal(out, x), 1.0, -1.0), 0),
        Fn("math.copysign"),
        Fn("np.copysign"),
        Helper("copysign"),
        Fn("copysign"),
        "abs(x) if y > 0 else -abs(x)",
        domain=on("all reals", WIDE, WIDE),
        edges=(
            Edge((2.0, -0.0), -2.0, (-1.0, 0.0)),
            Edge((-2.0, inf), 2.0, (-1.0, 0.0)),
            Edge((0.0, -1.0), -0.0, (1.0, 0.0)),
        ),
        exact=copysign,
        formula=lambda x, y: where(y < 0.0, -call("abs", x), call("abs", x)),
    ),
)
