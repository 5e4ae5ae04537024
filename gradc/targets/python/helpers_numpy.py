"""Helpers of emitted modules that use NumPy: what it lacks or does not do safely.

Invariant: element by element, the values are those of `helpers_math.py`; arrays of any rank
and size are accepted, and give arrays of the same shape.  Nothing is raised for any value,
and nothing is warned of inside `np.errstate(all="ignore")`.  Each definition is written for
its reader in emitted code: it stands alone but for the helpers that it calls by name.

Deliberately absent: what NumPy does itself (`np.log1p`, `np.cbrt`, `np.hypot`, and the
maximum of no elements, `np.max(x, initial=-np.inf)`).
This file is read as text, never imported by gradc.
"""

# NumPy's own hints give Any for most results.
# mypy: disable-error-code="no-any-return"

import math

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e**-x), without overflow and accurate in both tails."""
    t = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, t) / (1.0 + t)


def sigmoid_tail(x: np.ndarray) -> np.ndarray:
    """The smaller one of sigmoid(x) and 1 - sigmoid(x)."""
    t = np.exp(-np.abs(x))
    return t / (1.0 + t)


def tanh_part(x: np.ndarray) -> np.ndarray:
    """tanh(abs(x)) near 0, and the negative tanh(abs(x)) - 1 elsewhere."""
    size = np.abs(x)
    return np.where(size < 0.55, np.tanh(size), -2.0 * sigmoid_tail(2.0 * size))[()]


def log1pexp(x: np.ndarray) -> np.ndarray:
    """log(1 + e**x), without overflow and accurate for x << 0."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def relu(x: np.ndarray) -> np.ndarray:
    """x where it is positive, else 0; nan for nan."""
    return np.where(x <= 0, 0.0, x)[()]


def erf(x: np.ndarray) -> np.ndarray:
    """The error function."""
    return np.vectorize(math.erf, otypes=[float])(x)[()]


def erfc(x: np.ndarray) -> np.ndarray:
    """1 - erf(x), accurate for large x."""
    return np.vectorize(math.erfc, otypes=[float])(x)[()]


def lgamma(x: np.ndarray) -> np.ndarray:
    """log|Gamma(x)|; inf at 0, -1, -2, ... and where it overflows."""
    return np.vectorize(scalar_lgamma, otypes=[float])(x)[()]


def scalar_lgamma(x: float) -> float:
    """log|Gamma(x)|; inf at 0, -1, -2, ... and where it overflows."""
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf


# Bernoulli numbers B(2k) / (2k)!
BERNOULLI = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
)


def polygamma(n: int, x: np.ndarray) -> np.ndarray:
    """Derivative n of digamma; at 0, -1, ... inf for odd n, else nan (-inf at 0)."""
    # Raise y by recurrence until the asymptotic series (Euler-Maclaurin) is exact.
    y = np.where(x < 0, 1.0 - x, x)
    total = np.zeros(np.shape(x))
    for _ in range(12 + n):
        total = total + y ** -(n + 1)
        y = y + 1.0
    total = total + (y**-n / n if n > 0 else -np.log(y))
    total = total + y ** -(n + 1) / 2
    term = (n + 1) * y ** -(n + 2)
    for k, b in enumerate(BERNOULLI):
        total = total + b * term
        term = term * ((n + 2 * k + 2) * (n + 2 * k + 3) / (y * y))
    value = (-1.0) ** (n + 1) * math.prod(range(2, n + 1), start=1.0) * total
    reflected = (-1.0) ** n * value - cot_derivative(n, x)
    poles = np.inf if n % 2 == 1 else np.nan
    return np.where(x < 0, np.where(x == np.floor(x), poles, reflected), value)[()]


def cot_derivative(n: int, x: np.ndarray) -> np.ndarray:
    """Derivative n of pi * cot(pi * x), a polynomial in the cotangent."""
    cot = 1.0 / np.tan(np.pi * (x - np.round(x)))
    coefficients = [0.0, 1.0]
    for _ in range(n):  # by cot' = -pi * (1 + cot**2)
        slope = [-k * c for k, c in enumerate(coefficients)][1:]
        raised = [0.0, 0.0, *slope]
        coefficients = [a + b for a, b in zip([*slope, 0.0, 0.0], raised, strict=True)]
    value = np.full(np.shape(x), coefficients.pop())
    while coefficients:
        value = value * cot + coefficients.pop()
    return math.pi ** (n + 1) * value


def logsumexp(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """log(sum(e**x)), without overflow; -inf if there is nothing or only -inf."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    rest = np.where(x == top, 0.0, np.exp(x - top))
    count = np.sum(x == top, axis=axis, keepdims=True, dtype=x.dtype)
    total = top + np.log1p(count - 1 + np.sum(rest, axis=axis, keepdims=True))
    return np.squeeze(total, axis=axis)[()]


def softmax(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """e**x / sum(e**x), without overflow; the largest share alike if infinite."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    weights = np.where(x == top, 1.0, np.exp(x - top))
    return weights / np.sum(weights, axis=axis, keepdims=True)


def softmax_product(
    p: np.ndarray, t: np.ndarray, axis: int | tuple[int, ...] | None = None
) -> np.ndarray:
    """p * (t - sum(p * t)) for weights p, without cancellation where one is near 1."""
    # The sum of the result is 0, and adding a constant to t does not change it.
    main = p > 0.6
    rest = np.where(main, 0.0, p)
    t = t - np.sum(np.where(main, t, 0.0), axis=axis, keepdims=True)
    out = rest * (t - np.sum(rest * t, axis=axis, keepdims=True))
    return np.where(main, -np.sum(out, axis=axis, keepdims=True), out)


def norm(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """The square root of the sum of squares, without overflow or underflow."""
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    exponent = np.frexp(top)[1]
    total = np.sum(np.ldexp(x, -exponent) ** 2, axis=axis, keepdims=True)
    return np.squeeze(np.ldexp(np.sqrt(total), exponent), axis=axis)[()]


def unit(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """x / norm(x), without overflow or underflow; 0 if x is; infinities share alike."""
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    scaled = np.ldexp(x, -np.frexp(top)[1])
    scaled = np.where(np.isinf(top), np.where(np.isinf(x), np.sign(x), 0.0), scaled)
    length = np.sqrt(np.sum(scaled**2, axis=axis, keepdims=True))
    return scaled / np.where(length == 0, 1.0, length)


def rejection(
    u: np.ndarray, t: np.ndarray, axis: int | tuple[int, ...] | None = None
) -> np.ndarray:
    """t - u * sum(u * t) for a unit vector u, without cancellation where it is along an axis."""
    # The result is at right angles to u, and adding a multiple of u to t does not change it.
    main = u * u > 0.6
    largest = np.sum(np.where(main, u, 0.0), axis=axis, keepdims=True)
    divisor = np.where(largest == 0, 1.0, largest)
    multiple = np.sum(np.where(main, t, 0.0), axis=axis, keepdims=True) / divisor
    rest = np.where(main, 0.0, u)
    t = np.where(main, 0.0, t - multiple * u)
    out = t - rest * np.sum(rest * t, axis=axis, keepdims=True)
    return np.where(main, -np.sum(u * out, axis=axis, keepdims=True) / divisor, out)


def prod_others(x: np.ndarray) -> np.ndarray:
    """For each element, the product of all others on the last axis."""
    before, after = np.ones(x.shape), np.ones(x.shape)
    before[..., 1:] = np.cumprod(x[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(x[..., :0:-1], axis=-1)[..., ::-1]
    return before * after


def diagonal_matrix(x: np.ndarray) -> np.ndarray:
    """For each row on the last axis, the matrix with that diagonal and zeros around it."""
    out = np.zeros((*x.shape, x.shape[-1]))
    places = np.arange(x.shape[-1])
    out[..., places, places] = x
    return out


def solve(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The solution x of a @ x = y, for each matrix; nan where it is singular."""
    try:
        if y.ndim < a.ndim:
            return np.linalg.solve(a, y[..., None])[..., 0]
        return np.linalg.solve(a, y)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(y, np.nan)
        return np.stack([solve(*pair) for pair in zip(a, y, strict=True)])


def inv(a: np.ndarray) -> np.ndarray:
    """The inverse of each matrix; nan where it is singular."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(a, np.nan)
        return np.stack([inv(one) for one in a])


def cofactors(a: np.ndarray) -> np.ndarray:
    """The matrix of cofactors, det(a) * inv(a).T, also where a is singular."""
    finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
    u, s, vt = np.linalg.svd(np.where(finite, a, 0.0))
    sign = (np.linalg.det(u) * np.linalg.det(vt))[..., None, None]
    return np.where(finite, sign * (u * prod_others(s)[..., None, :]) @ vt, np.nan)


def logdet(a: np.ndarray) -> np.ndarray:
    """log|det(a)|, without overflow; -inf if a is singular."""
    return np.linalg.slogdet(a)[1]


def cholesky(a: np.ndarray) -> np.ndarray:
    """The lower factor of (a + a.T) / 2; nan if that is not positive definite."""
    try:
        return np.linalg.cholesky((a + np.swapaxes(a, -1, -2)) / 2)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(a, np.nan)
        return np.stack([cholesky(one) for one in a])


def lower_half(a: np.ndarray) -> np.ndarray:
    """The lower triangle, with the diagonal halved."""
    return np.tril(a) * (1.0 - np.eye(a.shape[-1]) / 2)


def embed(
    value: np.ndarray, shape: tuple[int, ...], index: slice | tuple[int | slice, ...]
) -> np.ndarray:
    """Zeros of a shape, with the value at an index."""
    out = np.zeros(shape)
    out[index] = value
    return out


def read_at(
    x: np.ndarray,
    index: tuple[int | slice | np.ndarray, ...] | np.ndarray,
    shape: tuple[int, ...],
) -> np.ndarray:
    """x[index], of a shape; zeros where x is empty, and so no element of it is taken."""
    return x[index] if x.size > 0 else np.zeros(shape, x.dtype)[()]


def scatter_add(
    value: np.ndarray,
    shape: tuple[int, ...],
    index: tuple[int | slice | np.ndarray, ...] | np.ndarray,
) -> np.ndarray:
    """Zeros of a shape, with the value added at an index; what falls on one place adds up."""
    size = math.prod(shape)
    if size == 0:
        return np.zeros(shape)
    places = np.arange(size).reshape(shape)[index]
    return np.bincount(np.ravel(places), np.ravel(value), size).reshape(shape)


def checked(
    index: np.ndarray,
    size: int,
    what: str,
    taken: bool | np.ndarray = True,
) -> np.ndarray:
    """The index where it is one of 0 .. size - 1, else 0; IndexError where it is taken."""
    outside = (index < 0) | (index >= size)
    if not np.any(outside):
        return index
    if np.any(outside & taken):
        wrong = np.extract(outside & taken, index)[0]
        allowed = f"0 .. {size - 1}" if size > 0 else "none at all"
        raise IndexError(f"{what} is read at index {wrong}; allowed is {allowed}")
    return np.where(outside, 0, index)[()]


def as_array(name: str, value: object, rank: int) -> np.ndarray:
    """The value as floats; ValueError unless it has so many axes (0 for a scalar)."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim != rank:
        raise ValueError(f"{name} has {array.ndim} axes, expected {rank}")
    return array[()]


def as_int_array(name: str, value: object, rank: int) -> np.ndarray:
    """The value as integers; ValueError unless it is of them and has so many axes."""
    array = np.asarray(value)
    if array.size > 0 and not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} has {array.dtype} elements, expected integers")
    if array.ndim != rank:
        raise ValueError(f"{name} has {array.ndim} axes, expected {rank}")
    return array.astype(np.int64)[()]


def check_shape(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    """ValueError unless the array has the shape."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")


def check_size(size: int, least: int, fault: str) -> None:
    """ValueError that tells the fault unless the size is large enough."""
    if size < least:
        raise ValueError(fault)


def check_range(name: str, array: np.ndarray, stop: int) -> None:
    """ValueError unless every integer is one of 0, 1, ..., stop - 1."""
    if not np.all((array >= 0) & (array < stop)):
        raise ValueError(f"{name} has integers outside 0 .. {stop - 1}")
