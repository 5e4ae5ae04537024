"""Helpers of emitted modules for complex numbers: those of `helpers_numpy.py` that would not do.

Invariant: for real arrays the values are those of the helpers there, up to rounding; for complex
ones they are those of the analytic function whose values on the real line these are.  So the
imaginary part that a small imaginary step gives is the derivative times the step.

Deliberately absent: functions that are not analytic, or that NumPy lacks for complex numbers.
This file is read as text, never imported by gradc.
"""

# NumPy's own hints give Any for most results.
# mypy: disable-error-code="no-any-return"

import math

import numpy as np


def as_array(name: str, value: object, rank: int) -> np.ndarray:
    """The value as floats or complex numbers; ValueError unless it has so many axes."""
    array = np.asarray(value)
    array = array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)
    if array.ndim != rank:
        raise ValueError(f"{name} has {array.ndim} axes, expected {rank}")
    return array[()]


def integer_power(x: np.ndarray, n: int) -> np.ndarray:
    """x**n by squaring: exact in the phase, which a logarithm would round."""
    result, square, rest = np.ones_like(x), x, abs(n)
    while rest:
        if rest % 2:
            result = result * square
        rest //= 2
        if rest:
            square = square * square
    return result if n >= 0 else 1.0 / result


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e**-x), without overflow."""
    t = np.exp(np.where(np.real(x) >= 0, -x, x))
    return np.where(np.real(x) >= 0, 1.0, t) / (1.0 + t)


def log1pexp(x: np.ndarray) -> np.ndarray:
    """log(1 + e**x), without overflow."""
    positive = np.real(x) >= 0
    return np.where(positive, x, 0.0) + np.log1p(np.exp(np.where(positive, -x, x)))


def logsumexp(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """log(sum(e**x)), without overflow."""
    top = np.max(np.real(x), axis=axis, keepdims=True, initial=-np.inf)
    total = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return np.squeeze(total, axis=axis)[()]


def softmax(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """e**x / sum(e**x), without overflow."""
    weights = np.exp(x - np.max(np.real(x), axis=axis, keepdims=True, initial=-np.inf))
    return weights / np.sum(weights, axis=axis, keepdims=True)


def softmax_product(
    p: np.ndarray, t: np.ndarray, axis: int | tuple[int, ...] | None = None
) -> np.ndarray:
    """p * (t - sum(p * t))."""
    return p * (t - np.sum(p * t, axis=axis, keepdims=True))


def norm(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """The square root of the sum of squares, without overflow or underflow."""
    top = np.max(np.abs(np.real(x)), axis=axis, keepdims=True, initial=0.0)
    scale = np.ldexp(1.0, np.frexp(top)[1])
    total = np.sum((x / scale) ** 2, axis=axis, keepdims=True)
    return np.squeeze(np.sqrt(total) * scale, axis=axis)[()]


def unit(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """x / norm(x), without overflow or underflow."""
    top = np.max(np.abs(np.real(x)), axis=axis, keepdims=True, initial=0.0)
    scaled = x / np.ldexp(1.0, np.frexp(top)[1])
    return scaled / np.sqrt(np.sum(scaled**2, axis=axis, keepdims=True))


def rejection(
    u: np.ndarray, t: np.ndarray, axis: int | tuple[int, ...] | None = None
) -> np.ndarray:
    """t - u * sum(u * t)."""
    return t - u * np.sum(u * t, axis=axis, keepdims=True)


def prod_others(x: np.ndarray) -> np.ndarray:
    """For each element, the product of all others on the last axis."""
    before, after = np.ones_like(x), np.ones_like(x)
    before[..., 1:] = np.cumprod(x[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(x[..., :0:-1], axis=-1)[..., ::-1]
    return before * after


def diagonal_matrix(x: np.ndarray) -> np.ndarray:
    """For each row on the last axis, the matrix with that diagonal and zeros around it."""
    out = np.zeros((*x.shape, x.shape[-1]), x.dtype)
    places = np.arange(x.shape[-1])
    out[..., places, places] = x
    return out


def logdet(a: np.ndarray) -> np.ndarray:
    """log|det(a)|, without overflow; its imaginary part is how far the determinant turned."""
    sign, size = np.linalg.slogdet(a)
    turned = np.where(np.real(sign) < 0, -sign, sign)
    return size + np.log(turned) if np.iscomplexobj(a) else size


def embed(
    value: np.ndarray, shape: tuple[int, ...], index: slice | tuple[int | slice, ...]
) -> np.ndarray:
    """Zeros of a shape, with the value at an index."""
    out = np.zeros(shape, np.result_type(value, np.float64))
    out[index] = value
    return out


def scatter_add(
    value: np.ndarray,
    shape: tuple[int, ...],
    index: tuple[int | slice | np.ndarray, ...] | np.ndarray,
) -> np.ndarray:
    """Zeros of a shape, with the value added at an index; what falls on one place adds up."""
    size = math.prod(shape)
    out = np.zeros(size, np.result_type(value, np.float64))
    if size > 0:
        places = np.arange(size).reshape(shape)[index]
        np.add.at(out, np.ravel(places), np.ravel(value))
    return out.reshape(shape)
