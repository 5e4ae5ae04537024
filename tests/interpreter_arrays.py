"""Functions of whole arrays for the interpreter: written with loops, from their definitions.

An array is a NumPy array of objects, which is used as a container and nothing more: a shape and
an element at each position.  Linear algebra is by cofactors, which holds for any matrix and is
hopeless for a large one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from interpreter_numbers import Dual, Number, apply, plain

Array = Any  # np.ndarray of objects, or a scalar


def array(shape: Sequence[int], element: Callable[[tuple[int, ...]], Any]) -> Array:
    """An array by its elements; of no axes, the one element."""
    if not shape:
        return element(())
    result = np.empty(tuple(shape), dtype=object)
    for position in np.ndindex(*shape):
        result[position] = element(position)
    return result


def stacked(parts: Sequence[Array], shape: Sequence[int]) -> Array:
    """Equal shapes as elements of new first axes."""
    rest = np.shape(parts[0]) if parts else ()
    flat = np.empty((len(parts), *rest), dtype=object)
    for number, part in enumerate(parts):
        flat[number] = part
    return flat.reshape((*shape, *rest))


def elements(value: Array) -> list[Number]:
    """The elements in order."""
    return list(value.ravel()) if isinstance(value, np.ndarray) else [value]


def elementwise(function: Callable[..., Any], *args: Array) -> Array:
    """A function of elements applied to scalars and to arrays of one shape."""
    shapes = {np.shape(arg) for arg in args if isinstance(arg, np.ndarray)}
    if not shapes:
        return function(*args)
    (shape,) = shapes
    return array(
        shape,
        lambda at: function(*[a[at] if isinstance(a, np.ndarray) else a for a in args]),
    )


# Reductions of a list of elements


def total(parts: Iterable[Number]) -> Number:
    result: Number = 0
    for part in parts:
        result = result + part
    return result


def product(parts: Iterable[Number]) -> Number:
    result: Number = 1
    for part in parts:
        result = result * part
    return result


def mean(parts: Sequence[Number]) -> Number:
    if not parts:
        return np.float64("nan")
    return apply("div", total(parts), len(parts))


def extremum(parts: Sequence[Number], sign: int) -> Number:
    """The largest (sign 1) or smallest; ties share the derivative equally."""
    if not parts:
        return np.float64(-math.inf * sign)
    for part in parts:
        if plain(part) != plain(part):
            return part
    best = max(parts, key=lambda part: sign * plain(part))
    tied = [part for part in parts if plain(part) == plain(best)]
    if len(tied) == 1 or not any(isinstance(part, (Dual, complex)) for part in tied):
        return best
    return total(apply("div", part, len(tied)) for part in tied)


def norm(parts: Sequence[Number]) -> Number:
    """The root of the sum of squares; its derivative at 0 is 0."""
    if all(plain(part) == 0 for part in parts):
        return np.float64(0.0)
    return apply("sqrt", total(part * part for part in parts))


def logsumexp(parts: Sequence[Number]) -> Number:
    top = plain(extremum(parts, 1))
    if not math.isfinite(top):
        return extremum(parts, 1)
    return top + apply("log", total(apply("exp", part - top) for part in parts))


def variance(parts: Sequence[Number]) -> Number:
    centre = mean(parts)
    return mean([(part - centre) * (part - centre) for part in parts])


def arg_extremum(parts: Sequence[Number], sign: int) -> int:
    """The position of the first extremum, or of the first NaN."""
    for position, part in enumerate(parts):
        if plain(part) != plain(part):
            return position
    return max(range(len(parts)), key=lambda position: sign * plain(parts[position]))


REDUCTIONS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sum": total,
    "prod": product,
    "mean": mean,
    "max": lambda parts: extremum(parts, 1),
    "min": lambda parts: extremum(parts, -1),
    "norm": norm,
    "logsumexp": logsumexp,
    "var": variance,
    "any": any,
    "all": all,
    "argmax": lambda parts: arg_extremum(parts, 1),
    "argmin": lambda parts: arg_extremum(parts, -1),
}


# Matrices


def matmul(a: Array, b: Array) -> Array:
    """The last axis of the left contracted with the first of the right."""
    rows, columns = np.shape(a)[:-1], np.shape(b)[1:]
    inner = np.shape(a)[-1]
    assert inner == np.shape(b)[0]
    return array(
        (*rows, *columns),
        lambda at: total(a[(*at[: len(rows)], k)] * b[(k, *at[len(rows) :])] for k in range(inner)),
    )


def det(a: Array) -> Number:
    """The sum over permutations."""
    terms = []
    for permutation in itertools.permutations(range(len(a))):
        swaps = sum(i > j for i, j in itertools.combinations(permutation, 2))
        term = product(a[row, column] for row, column in enumerate(permutation))
        terms.append(-term if swaps % 2 else term)
    return total(terms)


def _minor(a: Array, row: int, column: int) -> Array:
    return np.delete(np.delete(a, row, 0), column, 1)


def inv(a: Array) -> Array:
    """The adjugate over the determinant."""
    whole = apply("div", 1, det(a))

    def element(at: tuple[int, ...]) -> Number:
        cofactor = det(_minor(a, at[1], at[0])) * whole
        return -cofactor if sum(at) % 2 else cofactor

    return array(np.shape(a), element)


def cholesky(a: Array) -> Array:
    """The factor of the symmetric part, row by row."""
    size = len(a)
    s = array(np.shape(a), lambda at: apply("div", a[at] + a[at[::-1]], 2))
    factor = array(np.shape(a), lambda at: 0.0)
    for i in range(size):
        for j in range(i + 1):
            rest = s[i, j] - total(factor[i, k] * factor[j, k] for k in range(j))
            factor[i, j] = apply("sqrt", rest) if i == j else apply("div", rest, factor[j, j])
    return factor


def softmax(x: Array) -> Array:
    top = plain(extremum(elements(x), 1))
    weights = elementwise(lambda part: apply("exp", part - top), x)
    whole = total(elements(weights))
    return elementwise(lambda part: apply("div", part, whole), weights)


def _diag(x: Array) -> Array:
    if x.ndim == 2:
        return array(x.shape[:1], lambda at: x[at[0], at[0]])
    return array(x.shape * 2, lambda at: x[at[0]] if at[0] == at[1] else 0.0)


def _of_several(name: str) -> Callable[..., Array]:
    """`max` and `min`: of all elements of one array, or of several arguments elementwise."""

    def function(*args: Array) -> Array:
        if len(args) == 1:
            return REDUCTIONS[name](elements(args[0]))
        return elementwise(lambda *parts: REDUCTIONS[name](parts), *args)

    return function


def _concat(*parts: Array) -> Array:
    rows = [row for part in parts for row in part]
    return stacked(rows, (len(rows),)) if rows else parts[0]


def _over_all(name: str) -> Callable[[Array], Any]:
    return lambda x: REDUCTIONS[name](elements(x))


FUNCTIONS: dict[str, Callable[..., Array]] = {
    **{name: _over_all(name) for name in ("sum", "prod", "mean", "norm", "logsumexp", "var")},
    **{name: _over_all(name) for name in ("any", "all", "argmax", "argmin")},
    "max": _of_several("max"),
    "min": _of_several("min"),
    "softmax": softmax,
    "dot": matmul,
    "outer": lambda x, y: array((len(x), len(y)), lambda at: x[at[0]] * y[at[1]]),
    "trace": lambda a: total(a[i, i] for i in range(len(a))),
    "diag": _diag,
    "det": det,
    "logdet": lambda a: apply("log", apply("abs", det(a))),
    "inv": inv,
    "solve": lambda a, y: matmul(inv(a), y),
    "cholesky": cholesky,
    "zeros": lambda *shape: array(shape, lambda at: 0.0),
    "ones": lambda *shape: array(shape, lambda at: 1.0),
    "eye": lambda n: array((n, n), lambda at: float(at[0] == at[1])),
    "reshape": lambda x, *shape: x.reshape(shape),
    "concat": _concat,
    "stack": lambda *parts: stacked(parts, (len(parts),)),
    "digamma": lambda x: elementwise(lambda part: apply("polygamma", 0, part), x),
    "polygamma": lambda n, x: elementwise(lambda part: apply("polygamma", n, part), x),
}
