"""NumPy by hand: the value, and the derivative by a formula that was derived on paper.

The other peers' answers are compared with these.  Arrays are reused where it shortens the code,
not everywhere it could be done.  Programs of many steps stand in `numpy_steps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.numpy_steps import (
    lstm,
    lstm_gradient,
    ode,
    ode_gradient,
    particle,
    saddle,
)
from benchmarks.peers.peer import Built
from benchmarks.peers.shared import levels

Array = NDArray[np.float64]


def hello(x: float) -> float:
    return x * x


def hello_gradient(x: float) -> tuple[float, float]:
    return x * x, 2 * x


def _nodes(n: int) -> Array:
    return -1 + 2 * np.arange(n) / (n - 1)


def llsq(x: Array, n: int) -> Any:
    t = _nodes(n)
    residual = np.sign(t) - np.vander(t, x.size, increasing=True) @ x
    return residual @ residual / 2


def llsq_gradient(x: Array, n: int) -> Any:
    t = _nodes(n)
    powers = np.vander(t, x.size, increasing=True)
    residual = np.sign(t) - powers @ x
    return residual @ residual / 2, -(residual @ powers)


def lse(x: Array) -> Any:
    most = x.max()
    return most + np.log(np.exp(x - most).sum())


def lse_gradient(x: Array) -> Any:
    most = x.max()
    weights = np.exp(x - most)
    total = weights.sum()
    weights /= total
    return most + np.log(total), weights


def _squares(c: Array, x: Array) -> Any:
    """The squared distances of all pairs but for the points' own squares, by one product."""
    found = x @ c.T
    found *= -2
    found += (c * c).sum(1)
    return found


def kmeans(c: Array, x: Array) -> Any:
    offset = x - c[_squares(c, x).argmin(1)]
    return np.vdot(offset, offset)


def kmeans_gradient(c: Array, x: Array) -> Any:
    nearest = _squares(c, x).argmin(1)
    offset = x - c[nearest]
    gradient = np.empty_like(c)
    for j in range(c.shape[1]):
        gradient[:, j] = np.bincount(nearest, -2 * offset[:, j], len(c))
    return np.vdot(offset, offset), gradient / (2 * np.bincount(nearest, minlength=len(c)))[:, None]


def _factors(q: Array, l: Array) -> tuple[Array, Any]:  # noqa: E741 - the letter of the formula
    """Lower triangular matrices, and where their elements below the diagonal are."""
    d = q.shape[1]
    columns, rows = np.triu_indices(d, 1)  # the lower triangle column by column
    factors = np.zeros((len(q), d, d))
    factors[:, rows, columns] = l
    factors[:, np.arange(d), np.arange(d)] = np.exp(q)
    return factors, (rows, columns)


def _log_gamma(d: int, a: float) -> float:
    terms = sum(math.lgamma(a + (1 - j) / 2) for j in range(1, d + 1))
    return d * (d - 1) / 4 * math.log(math.pi) + terms


def _constant(n: int, k: int, d: int, gamma: float, m: float) -> float:
    nu = d + m + 1
    prior = nu * d * math.log(gamma / math.sqrt(2)) - _log_gamma(d, nu / 2)
    return k * prior - n * d / 2 * math.log(2 * math.pi)


def gmm(alpha: Array, mu: Array, q: Array, l: Array, x: Array, gamma: float, m: float) -> Any:  # noqa: E741
    (n, d), k = x.shape, len(alpha)
    factors, _ = _factors(q, l)
    turned = np.matmul(x - mu[:, None], factors.transpose(0, 2, 1))  # k, n, d
    logs = (alpha + q.sum(1))[:, None] - np.einsum("kni,kni->kn", turned, turned) / 2
    most = logs.max(0)
    mixture = (most + np.log(np.exp(logs - most).sum(0))).sum()
    mixture -= n * (alpha.max() + np.log(np.exp(alpha - alpha.max()).sum()))
    squares = np.vdot(factors, factors)
    return _constant(n, k, d, gamma, m) + mixture - gamma**2 / 2 * squares + m * q.sum()


def gmm_gradient(
    alpha: Array,
    mu: Array,
    q: Array,
    l: Array,  # noqa: E741
    x: Array,
    gamma: float,
    m: float,
) -> Any:
    (n, d), k = x.shape, len(alpha)
    factors, below = _factors(q, l)
    centred = x - mu[:, None]
    turned = np.matmul(centred, factors.transpose(0, 2, 1))  # k, n, d
    logs = (alpha + q.sum(1))[:, None] - np.einsum("kni,kni->kn", turned, turned) / 2
    most = logs.max(0)
    shares = np.exp(logs - most)
    totals = shares.sum(0)
    weights = np.exp(alpha - alpha.max())
    mixture = (most + np.log(totals)).sum()
    mixture -= n * (alpha.max() + np.log(weights.sum()))
    squares = np.vdot(factors, factors)
    value = _constant(n, k, d, gamma, m) + mixture - gamma**2 / 2 * squares + m * q.sum()

    shares /= totals  # how much of each point belongs to each component
    owned = shares.sum(1)
    d_alpha = owned - n * weights / weights.sum()
    turned *= -shares[:, :, None]
    d_factors = np.matmul(turned.transpose(0, 2, 1), centred) - gamma**2 * factors
    d_mu = -np.matmul(turned.sum(1)[:, None], factors)[:, 0]
    diagonal = np.arange(d)
    d_q = owned[:, None] + m + d_factors[:, diagonal, diagonal] * np.exp(q)
    return value, d_alpha, d_mu, d_q, d_factors[:, below[0], below[1]]


PENALTY = 0.1


def logistic(w: Array, X: Array, y: Array) -> Any:  # noqa: N803
    z = X @ w
    return (np.logaddexp(0, z) - y * z).mean() + PENALTY / 2 * w @ w


def logistic_gradient(w: Array, X: Array, y: Array) -> Any:  # noqa: N803
    z = X @ w
    value = (np.logaddexp(0, z) - y * z).mean() + PENALTY / 2 * w @ w
    slope = 1 / (1 + np.exp(-z)) - y
    return value, slope @ X / len(y) + PENALTY * w


def logloss(z: Array, y: Array) -> Any:
    return np.logaddexp(0, z).sum() - y @ z


def logloss_gradient(z: Array, y: Array) -> Any:
    return np.logaddexp(0, z).sum() - y @ z, 1 / (1 + np.exp(-z)) - y


def det(A: Array, l: int) -> Any:  # noqa: E741, N803
    rows, minors = A.reshape(l, l), A[-l:]
    for k, (column, rest, sign) in enumerate(levels(l), 2):
        minors = (sign * rows[-k][column] * minors[rest]).sum(1)
    return minors[0]


def det_gradient(A: Array, l: int) -> Any:  # noqa: E741, N803
    rows, minors, tables = A.reshape(l, l), [A[-l:]], levels(l)
    slope: Any
    for k, (column, rest, sign) in enumerate(tables, 2):
        minors.append((sign * rows[-k][column] * minors[-1][rest]).sum(1))
    found, slope = np.empty((l, l)), np.ones(1)
    for k in range(l, 1, -1):
        column, rest, sign = tables[k - 2]
        terms = slope[:, None] * sign
        below = minors[k - 2]
        found[-k] = np.bincount(column.ravel(), (terms * below[rest]).ravel(), l)
        slope = np.bincount(rest.ravel(), (terms * rows[-k][column]).ravel(), len(below))
    found[-1] = slope
    return minors[-1][0], found.ravel()


def _turned(r: Array, x: Array) -> Any:
    """Each x turned about its r by Rodrigues' formula; no r is zero."""
    theta = np.sqrt((r * r).sum(1))[:, None]
    k = r / theta
    along = (k * x).sum(1)[:, None]
    return x * np.cos(theta) + np.cross(k, x) * np.sin(theta) + k * along * (1 - np.cos(theta))


def ba(cam: Array, X: Array, w: Array, feat: Array, camera: Array, point: Array) -> Any:  # noqa: N803
    own = cam[camera]
    x = _turned(own[:, :3], X[point] - own[:, 3:6])
    flat = x[:, :2] / x[:, 2:]
    r = (flat * flat).sum(1)
    scale = own[:, 6] * (1 + own[:, 9] * r + own[:, 10] * r * r)
    return w[:, None] * (scale[:, None] * flat + own[:, 7:9] - feat), 1 - w * w


def ba_jacobian(cam: Array, X: Array, w: Array, feat: Array, camera: Array, point: Array) -> Any:  # noqa: N803
    own = cam[camera]
    rotation, focal, (k1, k2) = own[:, :3], own[:, 6], own[:, 9:].T
    offset = X[point] - own[:, 3:6]
    x = _turned(rotation, offset)
    flat = x[:, :2] / x[:, 2:]
    r = (flat * flat).sum(1)
    spread = 1 + k1 * r + k2 * r * r
    residual = (focal * spread)[:, None] * flat + own[:, 7:9] - feat
    weighted = w[:, None]

    # From the turned point: of the projection, and of the distortion along it.
    inner = focal * 2 * (k1 + 2 * k2 * r)
    by_flat = inner[:, None, None] * flat[:, :, None] * flat[:, None, :]
    by_flat[:, 0, 0] += focal * spread
    by_flat[:, 1, 1] += focal * spread
    by_x = np.empty((len(w), 2, 3))
    by_x[:, :, :2] = by_flat / x[:, 2, None, None]
    by_x[:, :, 2] = -np.einsum("pij,pj->pi", by_x[:, :, :2], flat)
    by_x *= weighted[:, :, None]

    # Rows times the rotation are the rows turned back; in r by Gallego and Yezzi, "A Compact
    # Formula for the Derivative of a 3-D Rotation", J. Math. Imaging and Vision 51 (2015).
    found = np.empty((len(w), 2, 15))
    square = (rotation * rotation).sum(1)[:, None]
    for row in range(2):
        back = _turned(-rotation, by_x[:, row])
        found[:, row, 11:14] = back
        found[:, row, 3:6] = -back
        lever = -np.cross(back, offset)
        along = (lever * rotation).sum(1)[:, None] * rotation
        found[:, row, :3] = (along + np.cross(_turned(rotation, lever) - lever, rotation)) / square
    found[:, :, 6] = weighted * spread[:, None] * flat
    found[:, :, 7:9] = weighted[:, :, None] * np.eye(2)
    found[:, :, 9] = weighted * (focal * r)[:, None] * flat
    found[:, :, 10] = weighted * (focal * r * r)[:, None] * flat
    found[:, :, 14] = residual
    return None, found, -2 * w


FUNCTIONS: dict[str, tuple[Callable[..., Any] | None, Callable[..., Any]]] = {
    "hello": (hello, hello_gradient),
    "llsq": (llsq, llsq_gradient),
    "lse": (lse, lse_gradient),
    "kmeans": (kmeans, kmeans_gradient),
    "ode": (ode, ode_gradient),
    "det": (det, det_gradient),
    "gmm": (gmm, gmm_gradient),
    "lstm": (lstm, lstm_gradient),
    "ba": (ba, ba_jacobian),
    "saddle": (None, saddle),
    "particle": (None, particle),
    "logistic": (logistic, logistic_gradient),
    "logloss": (logloss, logloss_gradient),
}


def build(workload: str, data: dict[str, Any]) -> Built:
    """The functions with their arguments."""
    value, gradient = FUNCTIONS[workload]
    arguments = tuple(data.values())
    return Built(
        None if value is None else partial(value, *arguments),
        partial(gradient, *arguments),
        lambda found: [np.asarray(part) for part in found[1:]],
    )


def versions() -> str:
    """Of the library."""
    return f"NumPy {np.__version__}"
