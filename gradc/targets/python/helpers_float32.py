"""Helpers of emitted modules in single precision: those of `helpers_numpy.py` that make arrays.

Invariant: real arrays in and out are float32; the values are those of the helpers there but for
the precision.  The others of them keep the precision that they are given.
This file is read as text, never imported by gradc.
"""

# NumPy's own hints give Any for most results.
# mypy: disable-error-code="no-any-return"

import math

import numpy as np


def prod_others(x: np.ndarray) -> np.ndarray:
    """For each element, the product of all others on the last axis."""
    before, after = np.ones(x.shape, np.float32), np.ones(x.shape, np.float32)
    before[..., 1:] = np.cumprod(x[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(x[..., :0:-1], axis=-1)[..., ::-1]
    return before * after


def diagonal_matrix(x: np.ndarray) -> np.ndarray:
    """For each row on the last axis, the matrix with that diagonal and zeros around it."""
    out = np.zeros((*x.shape, x.shape[-1]), np.float32)
    places = np.arange(x.shape[-1])
    out[..., places, places] = x
    return out


def lower_half(a: np.ndarray) -> np.ndarray:
    """The lower triangle, with the diagonal halved."""
    return np.tril(a) * (1.0 - np.eye(a.shape[-1], dtype=np.float32) / 2)


def embed(
    value: np.ndarray, shape: tuple[int, ...], index: slice | tuple[int | slice, ...]
) -> np.ndarray:
    """Zeros of a shape, with the value at an index."""
    out = np.zeros(shape, np.float32)
    out[index] = value
    return out


def scatter_add(
    value: np.ndarray,
    shape: tuple[int, ...],
    index: tuple[int | slice | np.ndarray, ...] | np.ndarray,
) -> np.ndarray:
    """Zeros of a shape, with the value added at an index; what falls on one place adds up, in
    doubles."""
    size = math.prod(shape)
    if size == 0:
        return np.zeros(shape, np.float32)
    places = np.arange(size).reshape(shape)[index]
    total = np.bincount(np.ravel(places), np.ravel(value), size)
    return np.float32(total).reshape(shape)


def as_array(name: str, value: object, rank: int) -> np.ndarray:
    """The value in single precision; ValueError unless it has so many axes (0 for a scalar)."""
    array = np.asarray(value, dtype=np.float32)
    if array.ndim != rank:
        raise ValueError(f"{name} has {array.ndim} axes, expected {rank}")
    return array[()]
