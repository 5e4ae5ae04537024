"""Rows of the elementwise primitives: operands of one shape, or scalars.

A partial is stated as a formula in the operands `x`, `y`, the result `out` and then the
parameters; `0` and `1` are structural and never reach the graph.

The policy at kinks is that of the language
reference: `abs'(0) = 0`, `relu'(0) = 0`, ties share equally, `x**0 = 1` with derivative 0.

Formulas are from Abramowitz & Stegun, Handbook of Mathematical Functions, and are written so
that they keep their relative accuracy at extreme arguments: `sigmoid(-x)` and not `1 - out`,
`hypot` and not `sqrt(x*x + 1)`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan, pi, sqrt

from gradc.ops.expr import Expr, call, equal, power, where
from gradc.ops.primitive import (
    Domain,
    Edge,
    Fn,
    Form,
    Helper,
    Infix,
    Partial,
    Prefix,
    Primitive,
    Spelling,
    TypeRule,
    number_rule,
    real_rule,
    to_real_rule,
)

_ALL = (-4.0, 4.0)


def _row(
    name: str,
    doc: str,
    partials: Callable[..., tuple[Partial, ...]],
    python: Spelling,
    numpy: Spelling,
    reference: str | None,
    *,
    domain: Domain | None = None,
    rule: TypeRule = real_rule,
    edges: tuple[Edge, ...] = (),
    kinks: tuple[Edge, ...] = (),
    notes: tuple[str, ...] = (),
) -> Primitive:
    return Primitive(
        name,
        doc,
        rule,
        {"python": python, "numpy": numpy},
        partials=partials,
        reference=reference,
        domain=domain,
        edges=edges,
        kinks=kinks,
        notes=notes,
    )


def _on(text: str, *samples: tuple[float, float]) -> Domain:
    return Domain(text, samples)


_REAL = _on("all reals", _ALL)
_REALS = _on("all reals", _ALL, _ALL)


def _both(left: Expr, right: Expr) -> Expr:
    return call("and", left, right)


def _tie(wins: Expr, x: Expr, y: Expr) -> Expr:
    """1 for the winner, a half each at a tie, else 0."""
    return where(wins, 1.0, where(equal(x, y), 0.5, 0.0))


def integer_power_partial(x: Expr, n: int) -> Partial:
    """The partial of `x**n`: exact at 0, and structurally zero for n = 0."""
    if n == 0:
        return 0
    if n == 1:
        return 1
    return float(n) * x if n == 2 else float(n) * power(x, n - 1)


ARITHMETIC = (
    _row(
        "add",
        "Sum.",
        lambda x, y, out: (1, 1),
        Infix("+"),
        Infix("+"),
        "x + y",
        domain=_REALS,
        rule=number_rule,
    ),
    _row(
        "sub",
        "Difference.",
        lambda x, y, out: (1, -1),
        Infix("-"),
        Infix("-"),
        "x - y",
        domain=_REALS,
        rule=number_rule,
    ),
    _row(
        "mul",
        "Product, elementwise.",
        lambda x, y, out: (y, x),
        Infix("*"),
        Infix("*"),
        "x * y",
        domain=_REALS,
        rule=number_rule,
    ),
    _row(
        "div",
        "Quotient; always real.",
        lambda x, y, out: (1 / y, -(out / y)),
        Form("divide"),
        Infix("/"),
        "x / y",
        domain=_on("y != 0", _ALL, (0.5, 4.0)),
        edges=(Edge((1.0, 0.0), inf), Edge((-1.0, 0.0), -inf), Edge((0.0, 0.0), nan)),
    ),
    _row(
        "neg",
        "Negation.",
        lambda x, out: (-1,),
        Prefix("-"),
        Prefix("-"),
        "-x",
        domain=_REAL,
        rule=number_rule,
    ),
    _row(
        "pow",
        "Power with a variable exponent.",
        lambda x, y, out: (
            where(equal(y, 0.0), 0.0, y * call("pow", x, y - 1.0)),
            where(_both(equal(x, 0.0), y >= 0.0), 0.0, out * call("log", x)),
        ),
        Helper("power"),
        Form("power"),
        "x ** y",
        domain=_on("x > 0, or x any real and y an integer", (0.1, 4.0), (-3.0, 3.0)),
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
    ),
    _row(
        "ipow",
        "Power with a constant integer exponent: exact at 0 and for negative bases.",
        lambda x, out, n: (integer_power_partial(x, n),),
        Form("integer_power"),
        Form("integer_power"),
        "x ** n",
        domain=_on("all reals; x != 0 for n < 0", (0.5, 4.0)),
        edges=(),
    ),
    _row(
        "floordiv",
        "Quotient rounded down, as Python's `//`.",
        lambda x, y, out: (0, 0),
        Helper("floordiv"),
        Infix("//"),
        "mp.floor(x / y)",
        domain=_on("y != 0", (4.1, 4.9), (1.0, 1.02)),
        rule=number_rule,
        edges=(Edge((-7.0, 2.0), -4.0, (0.0, 0.0)),),
        kinks=(Edge((4.0, 2.0), 2.0, (0.0, 0.0)),),
    ),
    _row(
        "mod",
        "Remainder with the sign of the divisor, as Python's `%`.",
        lambda x, y, out: (1, -call("floordiv", x, y)),
        Helper("mod"),
        Infix("%"),
        "x - y * mp.floor(x / y)",
        domain=_on("y != 0", (4.1, 4.9), (1.0, 1.02)),
        rule=number_rule,
        edges=(Edge((-7.0, 2.0), 1.0, (1.0, 4.0)),),
        kinks=(Edge((4.0, 2.0), 0.0, (1.0, -2.0)),),
        notes=("The partial in the divisor is `-(x // y)`.",),
    ),
    _row(
        "copy",
        "The operand itself, under another name.",
        lambda x, out: (1,),
        Form("copy"),
        Form("copy"),
        "x",
        domain=_REAL,
        rule=number_rule,
    ),
    _row(
        "real",
        "An integer or a truth value (1 or 0) as a real number.",
        lambda x, out: (0,),
        Fn("float"),
        Form("to_real"),
        None,
        rule=to_real_rule,
    ),
)

EXPONENTIAL = (
    _row(
        "exp",
        "Exponential.",
        lambda x, out: (out,),
        Helper("exp"),
        Fn("np.exp"),
        "mp.exp(x)",
        domain=_REAL,
        edges=(Edge((-inf,), 0.0, (0.0,)), Edge((1000.0,), inf, (inf,)), Edge((inf,), inf)),
    ),
    _row(
        "expm1",
        "`exp(x) - 1` without cancellation near 0.",
        lambda x, out: (call("exp", x),),
        Helper("expm1"),
        Fn("np.expm1"),
        "mp.expm1(x)",
        domain=_REAL,
        edges=(Edge((-inf,), -1.0, (0.0,)), Edge((1000.0,), inf, (inf,))),
    ),
    _row(
        "log",
        "Natural logarithm.",
        lambda x, out: (1 / x,),
        Helper("log"),
        Fn("np.log"),
        "mp.log(x)",
        domain=_on("x > 0", (0.05, 9.0)),
        edges=(Edge((0.0,), -inf, (inf,)), Edge((-1.0,), nan), Edge((inf,), inf, (0.0,))),
    ),
    _row(
        "log1p",
        "`log(1 + x)` without cancellation near 0.",
        lambda x, out: (1 / (1.0 + x),),
        Helper("log1p"),
        Fn("np.log1p"),
        "mp.log1p(x)",
        domain=_on("x > -1", (-0.9, 9.0)),
        edges=(Edge((-1.0,), -inf, (inf,)), Edge((-2.0,), nan), Edge((0.0,), 0.0, (1.0,))),
    ),
    _row(
        "log1pexp",
        "`log(1 + exp(x))`, the softplus function, without overflow.",
        lambda x, out: (call("sigmoid", x),),
        Helper("log1pexp"),
        Helper("log1pexp"),
        "mp.log1p(mp.exp(x))",
        domain=_REAL,
        edges=(Edge((1000.0,), 1000.0, (1.0,)), Edge((-1000.0,), 0.0, (0.0,))),
    ),
    _row(
        "sqrt",
        "Square root.",
        lambda x, out: (0.5 / out,),
        Helper("sqrt"),
        Fn("np.sqrt"),
        "mp.sqrt(x)",
        domain=_on("x >= 0", (0.05, 9.0)),
        edges=(Edge((0.0,), 0.0, (inf,)), Edge((-1.0,), nan, (nan,)), Edge((inf,), inf, (0.0,))),
    ),
    _row(
        "cbrt",
        "Real cube root.",
        lambda x, out: (1 / (3.0 * power(out, 2)),),
        Helper("cbrt"),
        Fn("np.cbrt"),
        "mp.sign(x) * mp.cbrt(abs(x))",
        domain=_on("all reals", (0.2, 4.0)),
        edges=(Edge((-8.0,), -2.0, (1 / 12,)), Edge((0.0,), 0.0, (inf,))),
    ),
    _row(
        "sigmoid",
        "Logistic function `1 / (1 + exp(-x))`, without overflow.",
        lambda x, out: (out * call("sigmoid", -x),),
        Helper("sigmoid"),
        Helper("sigmoid"),
        "1 / (1 + mp.exp(-x))",
        domain=_REAL,
        edges=(Edge((-1000.0,), 0.0, (0.0,)), Edge((1000.0,), 1.0, (0.0,))),
        notes=("The partial is `out * sigmoid(-x)`: `1 - out` would lose all digits for large x.",),
    ),
)

TRIGONOMETRIC = (
    _row(
        "sin",
        "Sine.",
        lambda x, out: (call("cos", x),),
        Helper("sin"),
        Fn("np.sin"),
        "mp.sin(x)",
        domain=_REAL,
        edges=(Edge((inf,), nan, (nan,)), Edge((0.0,), 0.0, (1.0,))),
    ),
    _row(
        "cos",
        "Cosine.",
        lambda x, out: (-call("sin", x),),
        Helper("cos"),
        Fn("np.cos"),
        "mp.cos(x)",
        domain=_REAL,
        edges=(Edge((inf,), nan, (nan,)), Edge((0.0,), 1.0, (0.0,))),
    ),
    _row(
        "tan",
        "Tangent.",
        lambda x, out: (1.0 + power(out, 2),),
        Helper("tan"),
        Fn("np.tan"),
        "mp.tan(x)",
        domain=_on("x != pi/2 + k*pi", (-1.4, 1.4)),
        edges=(Edge((inf,), nan, (nan,)), Edge((0.0,), 0.0, (1.0,))),
    ),
    _row(
        "asin",
        "Inverse sine.",
        lambda x, out: (1 / call("sqrt", (1.0 - x) * (1.0 + x)),),
        Helper("asin"),
        Fn("np.arcsin"),
        "mp.asin(x)",
        domain=_on("-1 <= x <= 1", (-0.95, 0.95)),
        edges=(Edge((1.0,), pi / 2, (inf,)), Edge((2.0,), nan, (nan,))),
    ),
    _row(
        "acos",
        "Inverse cosine.",
        lambda x, out: (-(1 / call("sqrt", (1.0 - x) * (1.0 + x))),),
        Helper("acos"),
        Fn("np.arccos"),
        "mp.acos(x)",
        domain=_on("-1 <= x <= 1", (-0.95, 0.95)),
        edges=(Edge((1.0,), 0.0, (-inf,)), Edge((2.0,), nan, (nan,))),
    ),
    _row(
        "atan",
        "Inverse tangent.",
        lambda x, out: (1 / (1.0 + power(x, 2)),),
        Fn("math.atan"),
        Fn("np.arctan"),
        "mp.atan(x)",
        domain=_REAL,
        edges=(Edge((inf,), pi / 2, (0.0,)), Edge((-inf,), -pi / 2, (0.0,))),
    ),
    _row(
        "atan2",
        "Angle of the point (y, x): `atan2(y, x)`.",
        lambda x, y, out: (
            y / call("hypot", x, y) / call("hypot", x, y),
            -(x / call("hypot", x, y) / call("hypot", x, y)),
        ),
        Fn("math.atan2"),
        Fn("np.arctan2"),
        "mp.atan2(x, y)",
        domain=_on("all but (0, 0)", (0.5, 4.0), _ALL),
        edges=(
            Edge((0.0, 0.0), 0.0, (nan, nan)),
            Edge((0.0, -1.0), pi, (-1.0, 0.0)),
            Edge((1.0, 0.0), pi / 2, (0.0, -1.0)),
            Edge((1e200, 1e200), pi / 4, (5e-201, -5e-201)),
        ),
    ),
)

HYPERBOLIC = (
    _row(
        "sinh",
        "Hyperbolic sine.",
        lambda x, out: (call("cosh", x),),
        Helper("sinh"),
        Fn("np.sinh"),
        "mp.sinh(x)",
        domain=_REAL,
        edges=(Edge((1000.0,), inf, (inf,)), Edge((-1000.0,), -inf, (inf,))),
    ),
    _row(
        "cosh",
        "Hyperbolic cosine.",
        lambda x, out: (call("sinh", x),),
        Helper("cosh"),
        Fn("np.cosh"),
        "mp.cosh(x)",
        domain=_REAL,
        edges=(Edge((1000.0,), inf, (inf,)), Edge((0.0,), 1.0, (0.0,))),
    ),
    _row(
        "tanh",
        "Hyperbolic tangent.",
        lambda x, out: (1.0 - power(out, 2),),
        Fn("math.tanh"),
        Fn("np.tanh"),
        "mp.tanh(x)",
        domain=_REAL,
        edges=(Edge((inf,), 1.0, (0.0,)), Edge((-inf,), -1.0, (0.0,)), Edge((0.0,), 0.0, (1.0,))),
        notes=("The partial `1 - out**2` is exact to rounding in absolute, not relative, terms.",),
    ),
    _row(
        "asinh",
        "Inverse hyperbolic sine.",
        lambda x, out: (1 / call("hypot", x, 1.0),),
        Fn("math.asinh"),
        Fn("np.arcsinh"),
        "mp.asinh(x)",
        domain=_REAL,
        edges=(Edge((inf,), inf, (0.0,)), Edge((0.0,), 0.0, (1.0,))),
    ),
    _row(
        "acosh",
        "Inverse hyperbolic cosine.",
        lambda x, out: (1 / (call("sqrt", x - 1.0) * call("sqrt", x + 1.0)),),
        Helper("acosh"),
        Fn("np.arccosh"),
        "mp.acosh(x)",
        domain=_on("x >= 1", (1.05, 9.0)),
        edges=(Edge((1.0,), 0.0, (inf,)), Edge((0.5,), nan, (nan,))),
    ),
    _row(
        "atanh",
        "Inverse hyperbolic tangent.",
        lambda x, out: (1 / ((1.0 - x) * (1.0 + x)),),
        Helper("atanh"),
        Fn("np.arctanh"),
        "mp.atanh(x)",
        domain=_on("-1 < x < 1", (-0.95, 0.95)),
        edges=(Edge((1.0,), inf, (inf,)), Edge((-1.0,), -inf, (inf,)), Edge((2.0,), nan)),
    ),
)

SPECIAL = (
    _row(
        "erf",
        "Error function.",
        lambda x, out: (2.0 / sqrt(pi) * call("exp", -power(x, 2)),),
        Fn("math.erf"),
        Helper("erf"),
        "mp.erf(x)",
        domain=_REAL,
        edges=(Edge((inf,), 1.0, (0.0,)), Edge((-inf,), -1.0, (0.0,))),
    ),
    _row(
        "erfc",
        "Complementary error function `1 - erf(x)`, without cancellation.",
        lambda x, out: (-2.0 / sqrt(pi) * call("exp", -power(x, 2)),),
        Fn("math.erfc"),
        Helper("erfc"),
        "mp.erfc(x)",
        domain=_REAL,
        edges=(Edge((inf,), 0.0, (0.0,)), Edge((-inf,), 2.0, (0.0,))),
    ),
    _row(
        "lgamma",
        "Logarithm of the absolute value of the gamma function.",
        lambda x, out: (Expr("polygamma", (x,), (("n", 0),)),),
        Helper("lgamma"),
        Helper("lgamma"),
        "mp.log(abs(mp.gamma(x)))",
        domain=_on("all but 0, -1, -2, ...", (0.2, 9.0)),
        edges=(Edge((0.0,), inf), Edge((-1.0,), inf), Edge((inf,), inf, (inf,))),
    ),
    _row(
        "polygamma",
        "The n-th derivative of the digamma function.",
        lambda x, out, n: (Expr("polygamma", (x,), (("n", n + 1),)),),
        Form("polygamma"),
        Form("polygamma"),
        "mp.polygamma(n, x)",
        domain=_on("all but 0, -1, -2, ...", (0.2, 9.0)),
    ),
    _row(
        "hypot",
        "`sqrt(x**2 + y**2)` without overflow.",
        lambda x, y, out: (
            where(equal(out, 0.0), 0.0, x / out),
            where(equal(out, 0.0), 0.0, y / out),
        ),
        Fn("math.hypot"),
        Fn("np.hypot"),
        "mp.hypot(x, y)",
        domain=_REALS,
        edges=(Edge((3e200, 4e200), 5e200, (0.6, 0.8)), Edge((inf, nan), inf)),
        kinks=(Edge((0.0, 0.0), 0.0, (0.0, 0.0)),),
    ),
)

PIECEWISE = (
    _row(
        "abs",
        "Absolute value.",
        lambda x, out: (call("sign", x),),
        Fn("abs"),
        Fn("np.abs"),
        "abs(x)",
        domain=_on("all reals", (0.2, 4.0)),
        edges=(Edge((-2.0,), 2.0, (-1.0,)),),
        kinks=(Edge((0.0,), 0.0, (0.0,)), Edge((-0.0,), 0.0, (0.0,))),
    ),
    _row(
        "sign",
        "-1, 0 or 1 by the sign of the operand.",
        lambda x, out: (0,),
        Helper("sign"),
        Fn("np.sign"),
        "mp.sign(x)",
        domain=_on("all reals", (0.2, 4.0)),
        edges=(Edge((-3.0,), -1.0, (0.0,)), Edge((nan,), nan)),
        kinks=(Edge((0.0,), 0.0, (0.0,)),),
    ),
    _row(
        "relu",
        "`max(0, x)`.",
        lambda x, out: (where(x > 0.0, 1.0, 0.0),),
        Helper("relu"),
        Helper("relu"),
        "x if x > 0 else mp.mpf(0)",
        domain=_on("all reals", (0.2, 4.0)),
        edges=(Edge((-3.0,), 0.0, (0.0,)), Edge((nan,), nan), Edge((inf,), inf, (1.0,))),
        kinks=(Edge((0.0,), 0.0, (0.0,)), Edge((-0.0,), 0.0, (0.0,))),
    ),
    _row(
        "floor",
        "Largest whole number not above the operand.",
        lambda x, out: (0,),
        Helper("floor"),
        Fn("np.floor"),
        "mp.floor(x)",
        domain=_on("all reals", (0.2, 0.8)),
        edges=(Edge((-1.5,), -2.0, (0.0,)), Edge((inf,), inf, (0.0,)), Edge((nan,), nan)),
        kinks=(Edge((2.0,), 2.0, (0.0,)),),
    ),
    _row(
        "ceil",
        "Smallest whole number not below the operand.",
        lambda x, out: (0,),
        Helper("ceil"),
        Fn("np.ceil"),
        "mp.ceil(x)",
        domain=_on("all reals", (0.2, 0.8)),
        edges=(Edge((-1.5,), -1.0, (0.0,)), Edge((-inf,), -inf, (0.0,)), Edge((nan,), nan)),
        kinks=(Edge((2.0,), 2.0, (0.0,)),),
    ),
    _row(
        "minimum",
        "The smaller operand, elementwise; NaN if either is.",
        lambda x, y, out: (_tie(x < y, x, y), _tie(y < x, x, y)),
        Helper("minimum"),
        Fn("np.minimum"),
        "min(x, y)",
        domain=_on("all reals", (0.0, 1.0), (1.2, 2.0)),
        edges=(Edge((nan, 1.0), nan), Edge((-inf, 1.0), -inf, (1.0, 0.0))),
        kinks=(Edge((2.0, 2.0), 2.0, (0.5, 0.5)),),
    ),
    _row(
        "maximum",
        "The larger operand, elementwise; NaN if either is.",
        lambda x, y, out: (_tie(x > y, x, y), _tie(y > x, x, y)),
        Helper("maximum"),
        Fn("np.maximum"),
        "max(x, y)",
        domain=_on("all reals", (0.0, 1.0), (1.2, 2.0)),
        edges=(Edge((nan, 1.0), nan), Edge((inf, 1.0), inf, (1.0, 0.0))),
        kinks=(Edge((2.0, 2.0), 2.0, (0.5, 0.5)),),
    ),
)
