"""HIPS autograd: `value_and_grad` of NumPy code."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import autograd.numpy as np
import numpy
from autograd import grad, value_and_grad
from autograd.scipy.special import gammaln, logsumexp

from benchmarks.peers.peer import Built
from benchmarks.peers.workloads import WORKLOADS


def hello(x: Any) -> Any:
    return x * x


def llsq(x: Any, n: int) -> Any:
    t = -1 + 2 * np.arange(n) / (n - 1)
    residual = np.sign(t) - np.vander(t, x.size, increasing=True) @ x
    return residual @ residual / 2


def lse(x: Any) -> Any:
    most = np.max(x)
    return most + np.log(np.sum(np.exp(x - most)))


def kmeans(c: Any, x: Any) -> Any:
    nearest = np.argmin(np.sum(c * c, 1) - 2 * np.dot(x, c.T), axis=1)
    return np.sum((x - c[nearest]) ** 2)


def kmeans_direction(c: Any, x: Any) -> Any:
    """The Hessian is diagonal: its product with ones is the gradient of the gradient's sum."""
    gradient = grad(kmeans)
    return gradient(c, x) / grad(lambda c: np.sum(gradient(c, x)))(c)


def gmm(alpha: Any, mu: Any, q: Any, l: Any, x: Any, gamma: Any, m: Any) -> Any:  # noqa: E741
    (n, d), k = x.shape, len(alpha)
    columns, rows = numpy.triu_indices(d, 1)
    place = numpy.zeros((d, d), dtype=int)
    place[rows, columns] = numpy.arange(len(rows))
    lower = numpy.tril(numpy.ones((d, d)), -1)
    factors = l[:, place] * lower + np.exp(q)[:, :, None] * numpy.eye(d)
    turned = np.matmul(x - mu[:, None], np.transpose(factors, (0, 2, 1)))
    logs = (alpha + np.sum(q, 1))[:, None] - np.sum(turned**2, 2) / 2
    mixture = np.sum(logsumexp(logs, axis=0)) - n * logsumexp(alpha)
    nu = d + m + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi)
    log_gamma += np.sum(gammaln(nu / 2 + (1 - numpy.arange(1, d + 1)) / 2))
    prior = k * (nu * d * math.log(gamma / math.sqrt(2)) - log_gamma)
    prior += -(gamma**2) / 2 * np.sum(factors**2) + m * np.sum(q)
    return -n * d / 2 * math.log(2 * math.pi) + mixture + prior


def logistic(w: Any, X: Any, y: Any) -> Any:  # noqa: N803
    z = np.dot(X, w)
    return np.mean(np.logaddexp(0, z) - y * z) + 0.05 * np.dot(w, w)


def logloss(z: Any, y: Any) -> Any:
    return np.sum(np.logaddexp(0, z) - y * z)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "hello": hello,
    "llsq": llsq,
    "lse": lse,
    "kmeans": kmeans,
    "gmm": gmm,
    "logistic": logistic,
    "logloss": logloss,
}
DERIVATIVES: dict[str, Callable[..., Any]] = {"kmeans": kmeans_direction}


def build(workload: str, data: dict[str, Any]) -> Built:
    """The functions with their arguments."""
    arguments = tuple(data.values())
    function = FUNCTIONS.get(workload)
    value = None if function is None else lambda: function(*arguments)
    if workload in DERIVATIVES:
        derivative = DERIVATIVES[workload]
        return Built(value, lambda: derivative(*arguments), lambda found: [numpy.asarray(found)])
    both = value_and_grad(function, tuple(range(WORKLOADS[workload].wrt)))
    return Built(
        value, lambda: both(*arguments), lambda found: [numpy.asarray(part) for part in found[1]]
    )


def versions() -> str:
    """Of the library."""
    return f"autograd {version('autograd')}"
