"""A second opinion on values: the syntax tree, interpreted with NumPy, and nothing of gradc's
but its parser.

Slow and plain.  It knows no derivative, no graph and no emitted code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np

from gradc.diagnostics import Source
from gradc.frontend import syntax as ast
from gradc.frontend.parser import parse


class IllConditionedError(Exception):
    """A rounding error of an argument would change every digit of the result."""


def evaluate(text: str, data: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Every quantity of a program by name."""
    values: dict[str, Any] = dict(data)
    with np.errstate(all="ignore"):
        for statement in parse(Source("test", text)).statements:
            match statement:
                case ast.DimDecl():
                    for item in statement.items:
                        if item.value is not None:
                            assert value_of(item.value, values, sizes) == sizes[item.name.name]
                case ast.ConstDecl():
                    for definition in statement.items:
                        values[definition.target.name] = value_of(definition.value, values, sizes)
                case ast.Definition():
                    values[statement.target.name] = value_of(statement.value, values, sizes)
                case _:
                    pass
    return values


def value_of(node: Any, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """The value of an expression; recursive, so not for deep ones."""

    def sub(expr: Any) -> Any:
        return value_of(expr, values, sizes)

    match node:
        case ast.Number():
            return np.float64(node.text)
        case ast.Name():
            if node.name in values:
                return values[node.name]
            if node.name in sizes:
                return np.float64(sizes[node.name])
            return np.float64({"pi": math.pi, "e": math.e}[node.name])
        case ast.Unary():
            operand = sub(node.operand)
            return {"-": np.negative, "+": np.asarray, "not": np.logical_not}[node.op](operand)
        case ast.Binary():
            return _BINARY[node.op](sub(node.left), sub(node.right))
        case ast.Conditional():
            return np.where(sub(node.condition), sub(node.then), sub(node.otherwise))[()]
        case ast.Transpose():
            return sub(node.value).T
        case ast.Array():
            return np.array([sub(item) for item in node.items])
        case ast.Subscript():
            items = [
                slice(_whole(item.start, sub), _whole(item.stop, sub))
                if isinstance(item, ast.Slice)
                else _whole(item, sub)
                for item in node.items
            ]
            return np.asarray(sub(node.value))[tuple(items)]
        case ast.Call():
            arguments = [sub(argument) for argument in node.arguments]
            if node.function.name in ("sin", "cos", "tan") and np.any(np.abs(arguments[0]) > 1e5):
                raise IllConditionedError(node.function.name)
            return FUNCTIONS[node.function.name](*arguments)
    raise TypeError(node)


def _whole(expr: Any, sub: Callable[[Any], Any]) -> int | None:
    return None if expr is None else int(sub(expr))


def _elementwise(function: Callable[..., float]) -> Callable[..., Any]:
    """A function of floats for arrays: NaN where it raises ValueError."""

    def total(*args: float) -> float:
        if any(map(math.isnan, args)):
            return math.nan
        try:
            return float(function(*args))
        except (ValueError, ZeroDivisionError):
            return math.nan

    return lambda *args: np.vectorize(total, otypes=[float])(*args)[()]


def _lgamma(x: float) -> float:
    return math.inf if math.isinf(x) or (x <= 0 and x == math.floor(x)) else math.lgamma(x)


def _digamma(x: float) -> float:
    return float(mpmath.digamma(x))


def _logsumexp(x: Any) -> Any:
    top = np.max(x, initial=-np.inf)
    return top + np.log(np.sum(np.exp(x - top))) if np.isfinite(top) else top


def _softmax(x: Any) -> Any:
    top = np.max(x, initial=-np.inf)
    weights = np.where(x == top, 1.0, np.exp(x - top))
    return weights / np.sum(weights)


def _extremum(of_one: Any, of_two: Any, start: float) -> Callable[..., Any]:
    def function(first: Any, *others: Any) -> Any:
        if not others:
            return of_one(first, initial=start)
        for other in others:
            first = of_two(first, other)
        return first

    return function


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": np.floor_divide,
    "%": np.mod,
    "**": np.power,
    "@": np.matmul,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "cbrt")},
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: getattr(np, f"arc{name[1:]}") for name in ("asin", "acos", "atan", "atan2")},
    **{name: getattr(np, f"arc{name[1:]}") for name in ("asinh", "acosh", "atanh")},
    **{name: getattr(np, name) for name in ("abs", "sign", "floor", "ceil", "hypot")},
    **{name: getattr(np, name) for name in ("minimum", "maximum", "mean", "prod", "var")},
    **{name: getattr(np, name) for name in ("dot", "outer", "trace", "diag", "sum")},
    "log1pexp": lambda x: np.logaddexp(0.0, x),
    "sigmoid": lambda x: (
        np.where(x > 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))[()]
        if np.all(np.abs(x) < 700)
        else np.exp(-np.logaddexp(0.0, -x))
    ),
    "relu": lambda x: np.where(x <= 0, 0.0, x)[()],
    "erf": _elementwise(math.erf),
    "erfc": _elementwise(math.erfc),
    "lgamma": _elementwise(_lgamma),
    "digamma": _elementwise(_digamma),
    "polygamma": lambda n, x: _elementwise(lambda v: float(mpmath.polygamma(int(n), v)))(x),
    "where": lambda c, x, y: np.where(c, x, y)[()],
    "max": _extremum(np.max, np.maximum, -np.inf),
    "min": _extremum(np.min, np.minimum, np.inf),
    "norm": lambda x: np.sqrt(np.sum(x * x)),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "zeros": lambda *shape: np.zeros([int(n) for n in shape]),
    "ones": lambda *shape: np.ones([int(n) for n in shape]),
    "eye": lambda n: np.eye(int(n)),
    "reshape": lambda x, *shape: np.reshape(x, [int(n) for n in shape]),
    "concat": lambda *parts: np.concatenate(parts),
    "stack": lambda *parts: np.stack(parts),
}
