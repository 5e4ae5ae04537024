"""Numbers for the interpreter of tests/interpreter.py: floats, complex numbers, mpmath numbers,
and dual numbers over any of these, duals included.

`apply` evaluates an elementwise function of the language on one element.  A `Dual` carries the
derivatives with respect to some seeds, and only those that are not structurally zero: where the
number does not depend on a seed, the seed is absent, so that no zero is ever multiplied by an
infinite partial.  The kinks are those of section 9 of the language reference.  Nothing here
knows an array, a program or anything of gradc's.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np

Number = Any  # int, np.float64, complex, mpmath.mpf or Dual


class IllConditionedError(Exception):
    """A rounding error of an argument would change every digit of the result."""


class Dual:
    """A number and its derivatives by seed.  Of nested duals, the one of the highest level is
    outside: `primal` and the derivatives have lower levels only."""

    __slots__ = ("level", "partials", "primal")

    def __init__(self, level: int, primal: Number, partials: Mapping[int, Number]) -> None:
        self.level, self.primal, self.partials = level, primal, partials

    def __repr__(self) -> str:
        return f"Dual({self.level}, {self.primal!r}, {self.partials!r})"

    def __add__(self, other: Number) -> Number:
        return apply("add", self, other)

    def __radd__(self, other: Number) -> Number:
        return apply("add", other, self)

    def __sub__(self, other: Number) -> Number:
        return apply("sub", self, other)

    def __rsub__(self, other: Number) -> Number:
        return apply("sub", other, self)

    def __mul__(self, other: Number) -> Number:
        return apply("mul", self, other)

    def __rmul__(self, other: Number) -> Number:
        return apply("mul", other, self)

    def __truediv__(self, other: Number) -> Number:
        return apply("div", self, other)

    def __rtruediv__(self, other: Number) -> Number:
        return apply("div", other, self)

    def __neg__(self) -> Number:
        return apply("neg", self)


def plain(x: Number) -> Any:
    """The real number by which comparisons decide."""
    while isinstance(x, Dual):
        x = x.primal
    return x.real if isinstance(x, (complex, np.complexfloating)) else x


def apply(name: str, *args: Number) -> Number:
    """An elementwise function of numbers."""
    level = max(arg.level if isinstance(arg, Dual) else 0 for arg in args)
    if not level:
        return _of_plain(name, args)
    primals = [a.primal if isinstance(a, Dual) and a.level == level else a for a in args]
    out = apply(name, *primals)
    partials: dict[int, Number] = {}
    for which, arg in enumerate(args):
        if isinstance(arg, Dual) and arg.level == level:
            rule = PARTIALS[name][which]
            if rule is not None:
                accumulate(partials, rule(*primals, out), arg.partials)
    return Dual(level, out, partials) if partials else out


def accumulate(total: dict[int, Number], factor: Number, parts: Mapping[int, Number]) -> None:
    """Add `factor` times the derivatives `parts`."""
    for seed, part in parts.items():
        term = part if factor is ONE else -part if factor is MINUS_ONE else factor * part
        total[seed] = total[seed] + term if seed in total else term


ONE, MINUS_ONE = object(), object()


def _of_plain(name: str, args: tuple[Number, ...]) -> Number:
    if name in OPERATORS:
        return OPERATORS[name](*args)
    if any(isinstance(arg, (complex, np.complexfloating)) for arg in args):
        return ANALYTIC[name](mpmath.fp, *[complex(arg) for arg in args])
    if any(isinstance(arg, mpmath.mpf) for arg in args):
        out = ANALYTIC[name](mpmath.mp, *[mpmath.mpf(arg) for arg in args])
        return mpmath.nan if isinstance(out, mpmath.mpc) else mpmath.mpf(out)
    if name in ("sin", "cos", "tan") and 1e5 < abs(args[0]) < math.inf:
        raise IllConditionedError(name)
    return np.float64(FLOATS[name](*[np.float64(arg) for arg in args]))


def _floordiv(x: Number, y: Number) -> Number:
    if isinstance(x, int) and isinstance(y, int) and y:
        return x // y
    if isinstance(x, mpmath.mpf) or isinstance(y, mpmath.mpf):
        return mpmath.floor(x / y)
    return np.floor_divide(np.float64(plain(x)), np.float64(plain(y)))


def _mod(x: Number, y: Number) -> Number:
    if isinstance(x, int) and isinstance(y, int) and y:
        return x % y
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return np.mod(np.float64(x), np.float64(y))
    return x - y * _floordiv(x, y)


def _divide(x: Number, y: Number) -> Number:
    return np.float64(x) / np.float64(y) if isinstance(y, int) and isinstance(x, int) else x / y


OPERATORS: dict[str, Callable[..., Number]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "div": _divide,
    "floordiv": _floordiv,
    "mod": _mod,
    "abs": lambda x: x if plain(x) > 0 else -x if plain(x) < 0 else abs(x),
    "sign": lambda x: x if plain(x) != plain(x) else float(plain(x) > 0) - float(plain(x) < 0),
    "relu": lambda x: 0.0 if plain(x) <= 0 else x,
    "maximum": lambda x, y: _extremum(x, y, plain(x) > plain(y)),
    "minimum": lambda x, y: _extremum(x, y, plain(x) < plain(y)),
}


def _extremum(x: Number, y: Number, wins: bool) -> Number:
    if plain(x) != plain(x):
        return x
    if plain(y) != plain(y):
        return y
    if plain(x) == plain(y):
        return (x + y) / 2 if isinstance(x, complex) or isinstance(y, complex) else y
    return x if wins else y


def _float_lgamma(x: float) -> float:
    return math.inf if math.isinf(x) or (x <= 0 and x == math.floor(x)) else math.lgamma(x)


def _total(function: Callable[..., Any]) -> Callable[..., float]:
    """A function of floats that is NaN where it raises."""

    def total(*args: float) -> float:
        if any(math.isnan(arg) for arg in args):
            return math.nan
        try:
            return float(function(*args))
        except (ValueError, ZeroDivisionError, TypeError):
            return math.nan

    return total


FLOATS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "cbrt")},
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: getattr(np, f"arc{name[1:]}") for name in ("asin", "acos", "atan", "atan2")},
    **{name: getattr(np, f"arc{name[1:]}") for name in ("asinh", "acosh", "atanh")},
    **{name: getattr(np, name) for name in ("floor", "ceil", "hypot")},
    "pow": lambda x, y: np.power(np.array([x]), np.array([y]))[0],  # without shortcuts for 0.5
    "log1pexp": lambda x: np.logaddexp(0.0, x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)) if x > 0 else np.exp(x) / (1 + np.exp(x)),
    "erf": _total(math.erf),
    "erfc": _total(math.erfc),
    "lgamma": _total(_float_lgamma),
    "polygamma": _total(lambda n, x: mpmath.fp.polygamma(int(n), x)),
}

# The same in terms of analytic functions, of a module of mpmath's for real or complex numbers.
ANALYTIC: dict[str, Callable[..., Any]] = {
    **{name: (lambda m, x, f=name: getattr(m, f)(x)) for name in ("exp", "expm1", "sqrt")},
    **{name: (lambda m, x, f=name: getattr(m, f)(x)) for name in ("sin", "cos", "tan", "erf")},
    **{name: (lambda m, x, f=name: getattr(m, f)(x)) for name in ("sinh", "cosh", "tanh")},
    **{name: (lambda m, x, f=name: getattr(m, f)(x)) for name in ("asin", "acos", "atan")},
    **{
        name: (lambda m, x, f=name: getattr(cmath if m is mpmath.fp else m, f)(x))
        for name in ("asinh", "acosh", "atanh")  # which not every version has for doubles
    },
    "log": lambda m, x: m.ln(x),
    "log1p": lambda m, x: m.ln(1 + x) if isinstance(x, complex) else m.log1p(x),
    "cbrt": lambda m, x: m.cbrt(x) if plain(x) > 0 else -m.cbrt(-x),
    "erfc": lambda m, x: 1 - m.erf(x),
    "lgamma": lambda m, x: m.loggamma(x),
    "polygamma": lambda m, n, x: m.polygamma(int(plain(n)), x),
    "pow": lambda m, x, y: m.power(x, y),
    "hypot": lambda m, x, y: m.sqrt(x * x + y * y),
    "atan2": lambda m, y, x: (
        m.atan(y / x) + math.pi * (plain(x) < 0) * (1 if plain(y) >= 0 else -1)
        if m is mpmath.fp
        else m.atan2(y, x)
    ),
    "log1pexp": lambda m, x: m.ln(1 + m.exp(x)),
    "sigmoid": lambda m, x: 1 / (1 + m.exp(-x)),
    "floor": lambda m, x: m.floor(plain(x)),
    "ceil": lambda m, x: m.ceil(plain(x)),
}

_ROOT_PI = math.sqrt(math.pi)


def _tie(x: Number, y: Number, wins: bool) -> Any:
    return 0.5 if plain(x) == plain(y) else ONE if wins else 0.0


def _power_in_base(x: Number, y: Number, out: Number) -> Number:
    return 0.0 if plain(y) == 0 else y * apply("pow", x, y - 1)


def _power_in_exponent(x: Number, y: Number, out: Number) -> Number:
    return 0.0 if plain(x) == 0 and plain(y) >= 0 else out * apply("log", x)


# The partial in each operand: a function of the operands and the value, None where it is zero.
PARTIALS: dict[str, tuple[Callable[..., Any] | None, ...]] = {
    "add": (lambda x, y, out: ONE, lambda x, y, out: ONE),
    "sub": (lambda x, y, out: ONE, lambda x, y, out: MINUS_ONE),
    "mul": (lambda x, y, out: y, lambda x, y, out: x),
    "div": (lambda x, y, out: _real(1) / y, lambda x, y, out: -(out / y)),
    "neg": (lambda x, out: MINUS_ONE,),
    "floordiv": (None, None),
    "mod": (lambda x, y, out: ONE, lambda x, y, out: -apply("floordiv", x, y)),
    "pow": (_power_in_base, _power_in_exponent),
    "abs": (lambda x, out: apply("sign", x),),
    "sign": (None,),
    "relu": (lambda x, out: ONE if plain(x) > 0 else 0.0,),
    "maximum": (
        lambda x, y, out: _tie(x, y, plain(x) > plain(y)),
        lambda x, y, out: _tie(x, y, plain(y) > plain(x)),
    ),
    "minimum": (
        lambda x, y, out: _tie(x, y, plain(x) < plain(y)),
        lambda x, y, out: _tie(x, y, plain(y) < plain(x)),
    ),
    "floor": (None,),
    "ceil": (None,),
    "exp": (lambda x, out: out,),
    "expm1": (lambda x, out: apply("exp", x),),
    "log": (lambda x, out: _real(1) / x,),
    "log1p": (lambda x, out: _real(1) / (1 + x),),
    "log1pexp": (lambda x, out: apply("sigmoid", x),),
    "sqrt": (lambda x, out: 0.5 / out,),
    "cbrt": (lambda x, out: _real(1) / (3 * out * out),),
    "sigmoid": (lambda x, out: out * apply("sigmoid", -x),),
    "sin": (lambda x, out: apply("cos", x),),
    "cos": (lambda x, out: -apply("sin", x),),
    "tan": (lambda x, out: 1 + out * out,),
    "asin": (lambda x, out: 1 / apply("sqrt", (1 - x) * (1 + x)),),
    "acos": (lambda x, out: -1 / apply("sqrt", (1 - x) * (1 + x)),),
    "atan": (lambda x, out: 1 / (1 + x * x),),
    "sinh": (lambda x, out: apply("cosh", x),),
    "cosh": (lambda x, out: apply("sinh", x),),
    "tanh": (lambda x, out: (1 - out) * (1 + out),),
    "asinh": (lambda x, out: 1 / apply("sqrt", 1 + x * x),),
    "acosh": (lambda x, out: 1 / apply("sqrt", (x - 1) * (x + 1)),),
    "atanh": (lambda x, out: 1 / ((1 - x) * (1 + x)),),
    "erf": (lambda x, out: 2 / _ROOT_PI * apply("exp", -(x * x)),),
    "erfc": (lambda x, out: -2 / _ROOT_PI * apply("exp", -(x * x)),),
    "lgamma": (lambda x, out: apply("polygamma", 0, x),),
    "polygamma": (None, lambda n, x, out: apply("polygamma", n + 1, x)),
    "atan2": (
        lambda y, x, out: x / (x * x + y * y),
        lambda y, x, out: -y / (x * x + y * y),
    ),
    "hypot": (
        lambda x, y, out: 0.0 if plain(out) == 0 else x / out,
        lambda x, y, out: 0.0 if plain(out) == 0 else y / out,
    ),
}


def _real(x: int) -> np.float64:
    """A one that divides by zero without an exception."""
    return np.float64(x)
