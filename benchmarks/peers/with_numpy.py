"""NumPy by hand: the value, and the derivative by a formula that was derived on paper.

The other peers' answers are compared with these.  Arrays are reused where it shortens the code,
not everywhere it could be done.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def _shifted(y: Array) -> Array:
    """What each y is multiplied by: the one before it, and 1 for the first."""
    found = np.empty_like(y)
    found[0] = 1
    found[1:] = y[:-1]
    return found


def _shifted_back(g: Array) -> Array:
    """The transpose of the linear part of `_shifted`."""
    found = np.empty_like(g)
    found[-1] = 0
    found[:-1] = g[1:]
    return found


def ode(x: Array, s: int) -> Any:
    h, y = 2 / s, np.zeros_like(x)
    for _ in range(s):
        k1 = x * _shifted(y)
        k2 = x * _shifted(y + h / 2 * k1)
        k3 = x * _shifted(y + h / 2 * k2)
        k4 = x * _shifted(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[-1]


def ode_gradient(x: Array, s: int) -> Any:
    h, y, stages = 2 / s, np.zeros_like(x), []
    for _ in range(s):
        s1 = _shifted(y)
        s2 = _shifted(y + h / 2 * (k1 := x * s1))
        s3 = _shifted(y + h / 2 * (k2 := x * s2))
        s4 = _shifted(y + h * (k3 := x * s3))
        stages.append((s1, s2, s3, s4))
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + x * s4)
    dx, dy = np.zeros_like(x), np.zeros_like(x)
    dy[-1] = 1
    for s1, s2, s3, s4 in reversed(stages):
        d4 = h / 6 * dy
        u4 = _shifted_back(x * d4)
        d3 = h / 3 * dy + h * u4
        u3 = _shifted_back(x * d3)
        d2 = h / 3 * dy + h / 2 * u3
        u2 = _shifted_back(x * d2)
        d1 = h / 6 * dy + h / 2 * u2
        dx += d1 * s1 + d2 * s2 + d3 * s3 + d4 * s4
        dy = dy + u4 + u3 + u2 + _shifted_back(x * d1)
    return y[-1], dx


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


def _gates(layer: Array, a: Array, h: Array) -> tuple[Array, Array]:
    """Forget, in and out gates in rows, and the change, of weights and biases [2, 4, b]."""
    z = layer[0] * np.stack([a, h, a, h]) + layer[1]
    return 1 / (1 + np.exp(-z[:3])), np.tanh(z[3])


def lstm(main: Array, extra: Array, state: Array, seq: Array) -> Any:
    b = seq.shape[1]
    layers = main.reshape(-1, 2, 4, b)
    h, c = list(state[::2]), list(state[1::2])
    total = 0.0
    for now, then in pairwise(seq):
        a = now * extra[0]
        for i, layer in enumerate(layers):
            (forget, take, give), change = _gates(layer, a, h[i])
            c[i] = c[i] * forget + take * change
            h[i] = a = give * np.tanh(c[i])
        y = a * extra[1] + extra[2]
        total += then @ y - then.sum() * np.log(2 + np.exp(y).sum())
    return -total / (b * (len(seq) - 1))


def lstm_gradient(main: Array, extra: Array, state: Array, seq: Array) -> Any:
    b = seq.shape[1]
    layers = main.reshape(-1, 2, 4, b)
    h, c = list(state[::2]), list(state[1::2])
    total, saved = 0.0, []
    for now, then in pairwise(seq):
        a = now * extra[0]
        steps = []
        for i, layer in enumerate(layers):
            gates, change = _gates(layer, a, h[i])
            cell = c[i] * gates[0] + gates[1] * change
            risen = np.tanh(cell)
            steps.append((a, h[i], c[i], gates, change, risen))
            c[i] = cell
            h[i] = a = gates[2] * risen
        y = a * extra[1] + extra[2]
        shares = np.exp(y)
        rest = 2 + shares.sum()
        total += then @ y - then.sum() * np.log(rest)
        saved.append((steps, a, then - then.sum() * shares / rest))
    scale = -1 / (b * (len(seq) - 1))
    d_layers, d_extra = np.zeros_like(layers), np.zeros_like(extra)
    d_h, d_c = np.zeros_like(state[::2]), np.zeros_like(state[::2])
    d_z = np.empty((4, b))
    for now, (steps, a, d_y) in zip(seq[-2::-1], reversed(saved), strict=True):
        d_extra[1] += scale * d_y * a
        d_extra[2] += scale * d_y
        d_a = scale * d_y * extra[1]
        for i in range(len(layers) - 1, -1, -1):
            a, before, cell, (forget, take, give), change, risen = steps[i]
            d_out = d_a + d_h[i]
            d_cell = d_c[i] + d_out * give * (1 - risen * risen)
            d_z[0] = d_cell * cell * forget * (1 - forget)
            d_z[1] = d_cell * change * take * (1 - take)
            d_z[2] = d_out * risen * give * (1 - give)
            d_z[3] = d_cell * take * (1 - change * change)
            d_layers[i, 0] += d_z * (a, before, a, before)
            d_layers[i, 1] += d_z
            weights = layers[i, 0]
            d_a = d_z[0] * weights[0] + d_z[2] * weights[2]
            d_h[i] = d_z[1] * weights[1] + d_z[3] * weights[3]
            d_c[i] = d_cell * forget
        d_extra[0] += d_a * now
    return scale * total, d_layers.reshape(main.shape), d_extra


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


def _descent(f: Callable[[Array], tuple[Any, Array]], x: Array) -> Array:
    """Steps double after ten that succeed, and halve after one that does not."""
    (value, slope), rate, good = f(x), 1e-5, 0
    while math.hypot(*slope) > 1e-5:
        if good == 10:
            rate, good = 2 * rate, 0
        moved = x - rate * slope
        if math.hypot(*(moved - x)) <= 1e-5:
            break
        lower, there = f(moved)
        if lower < value:
            x, value, slope, good = moved, lower, there, good + 1
        else:
            rate, good = rate / 2, 0
    return x


def saddle(start: Array) -> Any:
    # Where y ends does not depend on x, so the derivative through it is that of |x|^2.
    def highest() -> Array:
        return _descent(lambda y: (y @ y, 2 * y), start)

    def ridge(x: Array) -> tuple[Any, Array]:
        y = highest()
        return x @ x - y @ y, 2 * x

    x = _descent(ridge, start)
    return None, np.concatenate([x, highest()])


def _landing(w: Array) -> tuple[float, Array]:
    """The square of where the particle lands, and its derivative in w along the flight."""
    at = 10 - w[0]
    x, y, vx, vy = 0.0, 8.0, 0.75, 0.0
    dx, dy, dvx, dvy = 0.0, 0.0, 0.0, 0.0
    while y + 0.1 * vy > 0:
        ax = ay = dax = day = 0.0
        for place, moves in ((at, -1.0), (0.0, 0.0)):
            px, py, dpy = x - 10, y - place, dy - moves
            square = px * px + py * py
            cube = square * math.sqrt(square)
            d_cube = -3 * (px * dx + py * dpy) / square
            ax, ay = ax + px / cube, ay + py / cube
            dax, day = dax + (dx + px * d_cube) / cube, day + (dpy + py * d_cube) / cube
        x, y, dx, dy = x + 0.1 * vx, y + 0.1 * vy, dx + 0.1 * dvx, dy + 0.1 * dvy
        vx, vy, dvx, dvy = vx + 0.1 * ax, vy + 0.1 * ay, dvx + 0.1 * dax, dvy + 0.1 * day
    landed = x - y / vy * vx
    slope = dx - dy / vy * vx + y * dvy / (vy * vy) * vx - y / vy * dvx
    return landed * landed, np.array([2 * landed * slope])


def particle(w0: float) -> Any:
    return None, _descent(_landing, np.array([w0]))


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
