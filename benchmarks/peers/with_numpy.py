"""NumPy by hand: the value, and the derivative by a formula that was derived on paper.

The other peers' answers are compared with these.  Arrays are reused where it shortens the code,
not everywhere it could be done.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import Built

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


FUNCTIONS: dict[str, tuple[Callable[..., Any] | None, Callable[..., Any]]] = {
    "hello": (hello, hello_gradient),
    "llsq": (llsq, llsq_gradient),
    "lse": (lse, lse_gradient),
    "kmeans": (kmeans, kmeans_gradient),
    "gmm": (gmm, gmm_gradient),
    "logistic": (logistic, logistic_gradient),
    "logloss": (logloss, logloss_gradient),
}


def build(workload: str, data: dict[str, Any]) -> Built:
    """The functions with their arguments."""
    value, gradient = FUNCTIONS[workload]
    arguments = tuple(data.values())
    return Built(
        None if value is None else lambda: value(*arguments),
        lambda: gradient(*arguments),
        lambda found: [np.asarray(part) for part in found[1:]],
    )


def versions() -> str:
    """Of the library."""
    return f"NumPy {np.__version__}"
