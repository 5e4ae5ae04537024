"""The words of random programs: names, shapes, and templates of elementwise expressions."""

from __future__ import annotations

Shape = tuple[str, ...]

NAMES = (
    *(
        "a",
        "da",
        "b",
        "x",
        "dx",
        "x_dot",
        "J",
        "dJ",
        "v",
        "dv",
        "w",
        "lambda",
        "None",
        "np",
        "math",
    ),
    *(
        "exp",
        "div",
        "power",
        "float",
        "max",
        "l",
        "O",
        "θ",
        "Δt",
        "été",
        "变量",
        "saved",
        "forward",
    ),
    *("self", "sum", "where", "tangent", "a_1", "J_1", "dJ_1", "a_dot", "trace", "is", "x2", "x10"),
)
# Never names of quantities: those of indices, of functions, and of what they take.
INDICES = ("i", "j", "k", "p", "q", "r", "s1", "t1", "ξ")
FUNCTION_NAMES = ("f", "g", "softplus", "rotate", "f_dot", "tanh2", "Φ")

SCALAR: Shape = ()
SHAPES: tuple[Shape, ...] = (
    SCALAR,
    SCALAR,
    ("N",),
    ("N",),
    ("M",),
    ("N", "M"),
    ("M", "N"),
    ("N", "N"),
    ("2",),
    ("2", "N"),
    ("N - 1",),
)

# Functions of one argument, and an argument that is inside their domain whatever e is.
SAFE = (
    *(
        "exp(sin({0}))",
        "expm1(cos({0}))",
        "log(1.5 + sin({0}))",
        "log1p(0.5*sin({0}))",
        "tanh({0})",
    ),
    *(
        "log1pexp({0})",
        "sqrt(2 + cos({0}))",
        "cbrt(2 + sin({0}))",
        "sigmoid({0})",
        "sin({0})",
        "cos({0})",
    ),
    *(
        "tan(sin({0}))",
        "asin(0.9*sin({0}))",
        "acos(0.9*cos({0}))",
        "atan({0})",
        "asinh({0})",
        "erf({0})",
    ),
    *(
        "acosh(2.5 + sin({0}))",
        "atanh(0.9*sin({0}))",
        "erfc({0})",
        "lgamma(2 + sin({0}))",
        "-{0}",
        "+{0}",
    ),
    *("digamma(2.5 + sin({0}))", "polygamma(1, 3 + cos({0}))", "sinh(sin({0}))", "cosh(cos({0}))"),
    *(
        "abs({0})",
        "relu({0})",
        "sin({0})**2",
        "(2 + cos({0}))**-2",
        "sin({0})**3",
        "(2 + sin({0}))**0.5",
    ),
    *(
        "{0}**0",
        "2**sin({0})",
        "1/(2 + sin({0}))",
        "0.5*{0}",
        "{0} - 1",
        "3 - {0}",
        "{0}/4",
        "({0} if N > 2 else 1)",
    ),
    *(
        "where({0} > 0.2, {0}, 0)",
        "(log({0}) if {0} > 0 else 0)",
        "where({0} != 0, sin({0})/{0}, 1)",
    ),
    *(
        "(sqrt({0}) if {0} >= 0.1 else sqrt(-{0}) if {0} < -0.1 else 2)",
        "where(not {0} > 0, 1, {0}**-1)",
    ),
    *(
        "where({0} > 0.3 and {0} < 2, asin({0}/2) + acosh(1 + {0}), 0.5)",
        "(0 if {0} <= 0 else {0}**0.3)",
    ),
)
UNSAFE = (
    *(
        "exp({0})",
        "log({0})",
        "sqrt({0})",
        "1/{0}",
        "{0}**-1",
        "{0}**-3",
        "{0}**0.5",
        "asin({0})",
        "acosh({0})",
    ),
    *(
        "atanh({0})",
        "lgamma({0})",
        "cbrt({0})",
        "tan({0})",
        "sign({0})",
        "floor({0})",
        "ceil({0})",
        "log1p({0})",
    ),
    *(
        "({0} % 2)",
        "({0} // 2)",
        "({0} / 0)",
        "sinh({0})",
        "2**{0}",
        "0**{0}",
        "{0}**1000",
        "acos({0})",
        "{0}*1e200",
    ),
)
BINARY = (
    *("({0} + {1})", "({0} - {1})", "({0} * {1})", "({1} * {0})", "({0} / (1.5 + sin({1})))"),
    *("hypot({0}, {1})", "maximum({0}, {1})", "minimum({0}, {1})", "max({0}, {1}, {0})"),
    *("min({0}, {1}, 0.3)", "(2 + sin({0}))**sin({1})", "where({0} < {1}, {1}, {0})"),
    *("({0} if {1} >= {0} else {1})", "atan2(2 + sin({0}), {1})", "where({0} == {1}, 1, {0})"),
    *("({1} + log({0}) if {0} > 0 else sqrt(1 - {0}))", "where({1} > 0, {0}*log({1}), {0})"),
)
UNSAFE_BINARY = ("({0} / {1})", "({0} ** {1})", "({0} % {1})", "({0} // {1})", "atan2({0}, {1})")
