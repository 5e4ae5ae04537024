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
from benchmarks.peers.shared import levels
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


def ode(x: Any, s: int) -> Any:
    h, y, one = 2 / s, numpy.zeros(len(x)), numpy.ones(1)

    def slope(y: Any) -> Any:
        return x * np.concatenate([one, y[:-1]])

    for _ in range(s):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[-1]


def det(A: Any, l: int) -> Any:  # noqa: E741, N803
    rows, minors = np.reshape(A, (l, l)), A[-l:]
    for k, (column, rest, sign) in enumerate(levels(l), 2):
        minors = np.sum(sign * rows[-k][column] * minors[rest], 1)
    return minors[0]


def lstm(main: Any, extra: Any, state: Any, seq: Any) -> Any:
    b = seq.shape[1]
    layers = np.reshape(main, (-1, 2, 4, b))
    weights = [layers[i, 0] for i in range(len(state) // 2)]
    biases = [layers[i, 1] for i in range(len(state) // 2)]
    h, c = list(state[::2]), list(state[1::2])
    ends = []
    for now in seq[:-1]:
        a = now * extra[0]
        for i in range(len(h)):
            z = weights[i] * np.stack([a, h[i], a, h[i]]) + biases[i]
            gates = 1 / (1 + np.exp(-z[:3]))
            c[i] = c[i] * gates[0] + gates[1] * np.tanh(z[3])
            h[i] = a = gates[2] * np.tanh(c[i])
        ends.append(a)
    y = np.stack(ends) * extra[1] + extra[2]
    rest = np.log(2 + np.sum(np.exp(y), 1, keepdims=True))
    return -np.sum(seq[1:] * (y - rest)) / (b * (len(seq) - 1))


def _cross(a: Any, b: Any) -> Any:
    parts = [a[:, i - 2] * b[:, i - 1] - a[:, i - 1] * b[:, i - 2] for i in range(3)]
    return np.stack(parts, 1)


def _seen(own: Any, feat: Any) -> Any:
    """All observations; no rotation is zero."""
    r, x = own[:, :3], own[:, 11:14] - own[:, 3:6]
    theta = np.sqrt(np.sum(r * r, 1, keepdims=True))
    k = r / theta
    along = np.sum(k * x, 1, keepdims=True)
    x = x * np.cos(theta) + _cross(k, x) * np.sin(theta) + k * along * (1 - np.cos(theta))
    flat = x[:, :2] / x[:, 2:]
    square = np.sum(flat * flat, 1, keepdims=True)
    scale = own[:, 6:7] * (1 + own[:, 9:10] * square + own[:, 10:11] * square**2)
    return own[:, 14:] * (scale * flat + own[:, 7:9] - feat)


def ba(cam: Any, X: Any, w: Any, feat: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    own = np.concatenate([cam[camera], X[point], w[:, None]], 1)
    return _seen(own, feat), 1 - w * w


def ba_jacobian(cam: Any, X: Any, w: Any, feat: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    """An observation depends on its own parameters only: two sums give all rows."""
    own = np.concatenate([cam[camera], X[point], w[:, None]], 1)
    rows = [grad(lambda own, i=i: np.sum(_seen(own, feat)[:, i]))(own) for i in range(2)]
    return np.stack(rows, 1), grad(lambda w: np.sum(1 - w * w))(w)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "hello": hello,
    "llsq": llsq,
    "lse": lse,
    "kmeans": kmeans,
    "ode": ode,
    "det": det,
    "gmm": gmm,
    "lstm": lstm,
    "ba": ba,
    "logistic": logistic,
    "logloss": logloss,
}
DERIVATIVES: dict[str, Callable[..., Any]] = {
    "kmeans": kmeans_direction,
    "ba": ba_jacobian,
}


def build(workload: str, data: dict[str, Any]) -> Built:
    """The functions with their arguments."""
    arguments = tuple(data.values())
    function = FUNCTIONS.get(workload)
    value = None if function is None else lambda: function(*arguments)
    if workload in DERIVATIVES:
        derivative = DERIVATIVES[workload]
        return Built(
            value,
            lambda: derivative(*arguments),
            lambda found: list(found) if isinstance(found, tuple) else [found],
        )
    both = value_and_grad(function, tuple(range(WORKLOADS[workload].wrt)))
    return Built(
        value, lambda: both(*arguments), lambda found: [numpy.asarray(part) for part in found[1]]
    )


def versions() -> str:
    """Of the library."""
    return f"autograd {version('autograd')}"
