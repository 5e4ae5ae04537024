"""Rows of arithmetic: sums, products, quotients, powers, remainders.

`x**0 = 1` with derivative 0 everywhere, `0**0` included; a constant integer power is exact at
0 and for negative bases.
"""

from __future__ import annotations

import operator
from math import copysign, inf, isnan, nan

from gradc.ir.graph import Lit
from gradc.ops.expr import Expr, Leaf, call, equal, power, where
from gradc.ops.primitive import (
    Edge,
    Fn,
    Form,
    Helper,
    Infix,
    Partial,
    Prefix,
    number_rule,
    to_real_rule,
)
from gradc.ops.row import REAL_LINE, REALS, WIDE, on, row


def _both(left: Expr, right: Expr) -> Expr:
    return call("and", left, right)


def _quotient(x: float, y: float) -> float:
    """The quotient of doubles, where Python has none."""
    if y != 0.0:
        return x / y
    return nan if x == 0.0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def _fall(x: Expr, y: Expr, out: Expr) -> Expr:
    """How fast a quotient falls as its denominator grows; of `1 / y` and `0.5 / y` by the square of
    the quotient, because a division takes several times as long as a product.

    The two forms differ in rounding only: one is 0, infinite or NaN where the other is.  With a
    numerator above 1 the square would be infinite too soon.
    """
    if isinstance(x, Leaf) and isinstance(x.atom, Lit):
        if x.atom.value == 1.0:
            return out * out
        if x.atom.value == 0.5:
            return 2.0 * (out * out)
    return out / y


def integer_power_partial(x: Expr, n: int) -> Partial:
    """The partial of `x**n`: exact at 0, and structurally zero for n = 0."""
    if n == 0:
        return 0
    if n == 1:
        return 1
    return float(n) * x if n == 2 else float(n) * power(x, n - 1)


ARITHMETIC = (
    row(
        "add",
        "Sum.",
        lambda x, y, out: (1, 1),
        Infix("+"),
        Infix("+"),
        Infix("+"),
        Infix("+"),
        "x + y",
        domain=REALS,
        rule=number_rule,
        edges=(Edge((inf, -inf), nan, (1.0, 1.0)), Edge((-0.0, -0.0), -0.0, (1.0, 1.0))),
        exact=operator.add,
        analytic=True,
        tame=True,
    ),
    row(
        "sub",
        "Difference.",
        lambda x, y, out: (1, -1),
        Infix("-"),
        Infix("-"),
        Infix("-"),
        Infix("-"),
        "x - y",
        domain=REALS,
        rule=number_rule,
        edges=(Edge((inf, inf), nan, (1.0, -1.0)), Edge((-0.0, 0.0), -0.0, (1.0, -1.0))),
        exact=operator.sub,
        analytic=True,
        tame=True,
    ),
    row(
        "mul",
        "Product, elementwise.",
        lambda x, y, out: (y, x),
        Infix("*"),
        Infix("*"),
        Infix("*"),
        Infix("*"),
        "x * y",
        domain=REALS,
        rule=number_rule,
        edges=(Edge((0.0, inf), nan, (inf, 0.0)), Edge((-2.0, 0.0), -0.0, (0.0, -2.0))),
        exact=operator.mul,
        analytic=True,
        tame=True,
    ),
    row(
        "div",
        "Quotient; always real.",
        lambda x, y, out: (1 / y, -_fall(x, y, out)),
        Form("divide"),
        Infix("/"),
        Infix("/"),
        Infix("/"),
        "x / y",
        domain=on("y != 0", WIDE, (0.5, 4.0)),
        edges=(Edge((1.0, 0.0), inf), Edge((-1.0, 0.0), -inf), Edge((0.0, 0.0), nan)),
        exact=_quotient,
        analytic=True,
        tame=lambda eq: type(eq.args[1]) is Lit and eq.args[1].value != 0,
    ),
    row(
        "neg",
        "Negation.",
        lambda x, out: (-1,),
        Prefix("-"),
        Prefix("-"),
        Prefix("-"),
        Prefix("-"),
        "-x",
        domain=REAL_LINE,
        rule=number_rule,
        edges=(Edge((0.0,), -0.0, (-1.0,)), Edge((nan,), nan, (-1.0,))),
        exact=operator.neg,
        analytic=True,
        tame=True,
    ),
    row(
        "pow",
        "Power with a variable exponent.",
        lambda x, y, out: (
            where(equal(y, 0.0), 0.0, y * call("pow", x, y - 1.0)),
            where(_both(equal(x, 0.0), y >= 0.0), 0.0, out * call("log", x)),
        ),
        Helper("power"),
        Form("power"),
        Helper("power"),
        Helper("g_pow"),
        "x ** y",
        domain=on("x > 0, or x any real and y an integer", (0.1, 4.0), (-3.0, 3.0)),
        edges=(
            Edge((0.0, 0.0), 1.0, (0.0, 0.0)),
            Edge((0.0, 2.0), 0.0, (0.0, 0.0)),
            Edge((-2.0, 2.0), 4.0, (-4.0, nan)),
            Edge((-2.0, 0.5), nan, (nan, nan)),
            Edge((0.0, -1.0), inf, (-inf, -inf)),
            Edge((5.0, 0.0), 1.0, (0.0, None)),
        ),
        notes=(
            "The partial of `0**y` in `y` is 0 for `y >= 0`.",
            "The partial in `y` is NaN for a negative base.",
        ),
        g=Infix("**"),
        sympy=Infix("**"),
        analytic=True,
    ),
    row(
        "ipow",
        "Power with a constant integer exponent: exact at 0 and for negative bases.",
        lambda x, out, n: (integer_power_partial(x, n),),
        Form("integer_power"),
        Form("integer_power"),
        Form("integer_power"),
        Form("integer_power"),
        "x ** n",
        domain=on("all reals; x != 0 for n < 0", (0.5, 4.0)),
        edges=(
            Edge((0.0,), 1.0, (0.0,), n=0),
            Edge((nan,), 1.0, (0.0,), n=0),
            Edge((0.0,), 0.0, (1.0,), n=1),
            Edge((0.0,), 0.0, (0.0,), n=2),
            Edge((-0.0,), -0.0, (0.0,), n=3),
            Edge((-2.0,), -32.0, (80.0,), n=5),
            Edge((-2.0,), -0.125, (-0.1875,), n=-3),
            Edge((0.0,), inf, (-inf,), n=-1),
            Edge((-0.0,), -inf, (-inf,), n=-1),
            Edge((1e200,), inf, (2e200,), n=2),
            Edge((-1e200,), -inf, (inf,), n=3),
        ),
        g=Form("integer_power"),
        sympy=Form("integer_power"),
        analytic=True,
        tame=lambda eq: eq.param("n") >= 0,
    ),
    row(
        "floordiv",
        "Quotient rounded down, as Python's `//`.",
        lambda x, y, out: (0, 0),
        Form("whole_quotient"),
        Infix("//"),
        Form("whole_quotient"),
        Helper("g_floordiv"),
        "mp.floor(x / y)",
        domain=on("y != 0", (4.1, 4.9), (1.0, 1.02)),
        rule=number_rule,
        edges=(Edge((-7.0, 2.0), -4.0, (0.0, 0.0)),),
        kinks=(Edge((4.0, 2.0), 2.0, (0.0, 0.0)),),
        exact=operator.floordiv,
    ),
    row(
        "mod",
        "Remainder with the sign of the divisor, as Python's `%`.",
        lambda x, y, out: (1, -call("floordiv", x, y)),
        Form("whole_quotient"),
        Infix("%"),
        Form("whole_quotient"),
        Helper("g_mod"),
        "x - y * mp.floor(x / y)",
        domain=on("y != 0", (4.1, 4.9), (1.0, 1.02)),
        rule=number_rule,
        edges=(Edge((-7.0, 2.0), 1.0, (1.0, 4.0)),),
        kinks=(Edge((4.0, 2.0), 0.0, (1.0, -2.0)),),
        notes=("The partial in the divisor is `-(x // y)`.",),
        exact=operator.mod,
    ),
    row(
        "copy",
        "The operand itself, under another name.",
        lambda x, out: (1,),
        Form("copy"),
        Form("copy"),
        Form("copy"),
        Form("copy"),
        "x",
        domain=REAL_LINE,
        rule=number_rule,
        edges=(Edge((nan,), nan, (1.0,)), Edge((-0.0,), -0.0, (1.0,))),
        exact=lambda x: x,
        g=Form("copy"),
        sympy=Form("copy"),
        analytic=True,
        tame=True,
    ),
    row(
        "real",
        "An integer or a truth value (1 or 0) as a real number.",
        lambda x, out: (0,),
        Fn("float"),
        Form("to_real"),
        Form("to_real"),
        Form("to_real"),
        None,
        rule=to_real_rule,
        exact=float,
        g=Form("to_real"),
        sympy=Form("to_real"),
        analytic=True,
        tame=True,
    ),
)
