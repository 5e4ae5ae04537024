"""PyTorch, eager or by `torch.compile`: the value, and its gradient by `torch.autograd.grad`."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch

from benchmarks.peers.geometry import PARENTS
from benchmarks.peers.peer import Built
from benchmarks.peers.shared import BEND, SPREAD, levels
from benchmarks.peers.workloads import WORKLOADS

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
torch.set_default_dtype(torch.float64)


def hello(x: Any) -> Any:
    return x * x


def llsq(x: Any, n: int) -> Any:
    t = -1 + 2 * torch.arange(n, dtype=torch.float64) / (n - 1)
    residual = torch.sign(t) - torch.linalg.vander(t, N=x.numel()) @ x
    return residual @ residual / 2


def lse(x: Any) -> Any:
    most = x.max()
    return most + torch.log(torch.sum(torch.exp(x - most)))


def kmeans(c: Any, x: Any) -> Any:
    nearest = torch.argmin((c * c).sum(1) - 2 * x @ c.T, 1)
    return ((x - c.index_select(0, nearest)) ** 2).sum()


def kmeans_direction(c: Any, x: Any) -> Any:
    """The Hessian is diagonal: its product with ones is its diagonal."""
    c.requires_grad_()
    (gradient,) = torch.autograd.grad(kmeans(c, x), c, create_graph=True)
    (diagonal,) = torch.autograd.grad(gradient.sum(), c)
    return gradient.detach() / diagonal


def kmeans_direction_compiled(c: Any, x: Any) -> Any:
    """The same forward over reverse: a compiled function has no second reverse sweep."""
    gradient, diagonal = torch.func.jvp(
        torch.func.grad(lambda c: kmeans(c, x)), (c,), (torch.ones_like(c),)
    )
    return gradient / diagonal


def gmm(alpha: Any, mu: Any, q: Any, l: Any, x: Any, gamma: Any, m: Any) -> Any:  # noqa: E741
    (n, d), k = x.shape, len(alpha)
    columns, rows = np.triu_indices(d, 1)
    factors = torch.diag_embed(torch.exp(q))
    factors[:, torch.from_numpy(rows), torch.from_numpy(columns)] = l
    turned = torch.matmul(x - mu[:, None], factors.mT)
    logs = (alpha + q.sum(1))[:, None] - (turned**2).sum(2) / 2
    mixture = torch.logsumexp(logs, 0).sum() - n * torch.logsumexp(alpha, 0)
    nu = d + m + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi)
    log_gamma = log_gamma + torch.lgamma(nu / 2 + (1 - torch.arange(1, d + 1)) / 2).sum()
    prior = k * (nu * d * torch.log(gamma / math.sqrt(2)) - log_gamma)
    prior = prior - gamma**2 / 2 * (factors**2).sum() + m * q.sum()
    return -n * d / 2 * math.log(2 * math.pi) + mixture + prior


def logistic(w: Any, X: Any, y: Any) -> Any:  # noqa: N803
    z = X @ w
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    return loss + 0.05 * w @ w


def logloss(z: Any, y: Any) -> Any:
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum")


def ode(x: Any, s: int) -> Any:
    h, y, one = 2 / s, torch.zeros_like(x), torch.ones(1)

    def slope(y: Any) -> Any:
        return x * torch.cat([one, y[:-1]])

    for _ in range(s):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[-1]


@cache
def _tables(l: int) -> list[tuple[Any, Any, Any]]:  # noqa: E741
    return [tuple(map(torch.from_numpy, level)) for level in levels(l)]


def det(A: Any, l: int) -> Any:  # noqa: E741, N803
    rows, minors = A.reshape(l, l), A[-l:]
    for k, (column, rest, sign) in enumerate(_tables(l), 2):
        minors = (sign * rows[-k][column] * minors[rest]).sum(1)
    return minors[0]


def lstm(main: Any, extra: Any, state: Any, seq: Any) -> Any:
    b = seq.shape[1]
    weights, biases = main.reshape(-1, 2, 4, b).unbind(1)
    h, c = list(state[::2]), list(state[1::2])
    ends = []
    for now in seq[:-1] * extra[0]:
        a = now
        for i in range(len(h)):
            z = weights[i] * torch.stack([a, h[i], a, h[i]]) + biases[i]
            forget, take, give = torch.sigmoid(z[:3])
            c[i] = c[i] * forget + take * torch.tanh(z[3])
            h[i] = a = give * torch.tanh(c[i])
        ends.append(a)
    y = torch.stack(ends) * extra[1] + extra[2]
    rest = torch.log(2 + torch.exp(y).sum(1, keepdim=True))
    return -(seq[1:] * (y - rest)).sum() / (b * (len(seq) - 1))


def _turned(r: Any, x: Any) -> Any:
    """x turned about r; the branch at zero is kept from dividing by it."""
    square = (r * r).sum()
    theta = torch.sqrt(torch.where(square > 0, square, 1))
    k = r / theta
    turned = x * torch.cos(theta) + torch.linalg.cross(k.expand_as(x), x) * torch.sin(theta)
    turned = turned + k * (k * x).sum(-1, keepdim=True) * (1 - torch.cos(theta))
    return torch.where(square > 0, turned, x + torch.linalg.cross(r.expand_as(x), x))


def _seen(own: Any, feat: Any) -> Any:
    """One observation of a camera, a point and a weight."""
    x = _turned(own[:3], own[11:14] - own[3:6])
    flat = x[:2] / x[2]
    r = (flat * flat).sum()
    at = own[6] * flat * (1 + own[9] * r + own[10] * r * r) + own[7:9]
    return own[14] * (at - feat)


def _own(cam: Any, X: Any, w: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    return torch.cat([cam[camera], X[point], w[:, None]], 1)


def ba(cam: Any, X: Any, w: Any, feat: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    return torch.func.vmap(_seen)(_own(cam, X, w, camera, point), feat), 1 - w * w


def ba_jacobian(cam: Any, X: Any, w: Any, feat: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    own = _own(cam, X, w, camera, point)
    by_weight = torch.func.grad(lambda w: (1 - w * w).sum())(w)
    return torch.func.vmap(torch.func.jacrev(_seen))(own, feat), by_weight


def _vertices(theta: Any, relative: Any, inverse: Any, rest: Any, weight: Any, mirror: Any) -> Any:
    angles = torch.cat([theta, torch.zeros(1)])
    x, z = angles[torch.from_numpy(BEND)], angles[torch.from_numpy(SPREAD)]
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    entries = [torch.cos(z), -torch.sin(z) * torch.cos(x), torch.sin(z) * torch.sin(x), zero]
    entries += [torch.sin(z), torch.cos(z) * torch.cos(x), -torch.cos(z) * torch.sin(x), zero]
    entries += [zero, torch.sin(x), torch.cos(x), zero, zero, zero, zero, one]
    posed = relative @ torch.stack(entries, 1).reshape(-1, 4, 4)
    frames: list[Any] = []
    for bone, parent in enumerate(PARENTS.tolist()):
        frames.append(posed[bone] if parent < 0 else frames[parent] @ posed[bone])
    moved = torch.stack(frames) @ inverse
    skin = torch.einsum("vb,vj,bij->vi", weight, rest, moved[:, :3])
    skin = skin * torch.stack([mirror, torch.ones(()), torch.ones(())])
    return _turned(theta[:3], skin) + theta[3:6]


def ht(
    theta: Any,
    u: Any,
    parent: Any,
    relative: Any,
    inverse: Any,
    rest: Any,
    weight: Any,
    mirror: Any,
    corner: Any,
    point: Any,
) -> Any:
    at = _vertices(theta, relative, inverse, rest, weight, mirror)[corner]
    shares = torch.cat([u, 1 - u.sum(1, keepdim=True)], 1)
    return point - torch.einsum("nc,nci->ni", shares, at)


def ht_jacobian(theta: Any, u: Any, *others: Any) -> Any:
    """A residual depends on its own u only: two directions give all of those derivatives."""
    by_theta = torch.func.jacfwd(ht)(theta, u, *others)

    def along(direction: Any) -> Any:
        tangent = direction.expand_as(u)
        return torch.func.jvp(lambda u: ht(theta, u, *others), (u,), (tangent,))[1]

    return torch.cat([torch.func.vmap(along, out_dims=2)(torch.eye(2)), by_theta], 2)


def _descent(f: Any, x: Any) -> Any:
    """Steps double after ten that succeed, and halve after one that does not."""
    evaluated = torch.func.grad_and_value(f)
    (slope, value), rate, good = evaluated(x), 1e-5, 0
    while slope.norm() > 1e-5:
        if good == 10:
            rate, good = 2 * rate, 0
        moved = x - rate * slope
        if (moved - x).norm() <= 1e-5:
            break
        there, lower = evaluated(moved)
        if lower < value:
            x, value, slope, good = moved, lower, there, good + 1
        else:
            rate, good = rate / 2, 0
    return x


def saddle(start: Any) -> Any:
    def f(x: Any, y: Any) -> Any:
        return x @ x - y @ y

    def highest(x: Any) -> Any:
        return _descent(lambda y: -f(x, y), start)

    x = _descent(lambda x: f(x, highest(x)), start)
    return torch.cat([x, highest(x)])


def particle(w0: Any) -> Any:
    fixed = torch.tensor([10.0, 0.0])

    def potential(x: Any, w: Any) -> Any:
        moved = torch.stack([x[0] - 10, x[1] - 10 + w])
        return 1 / moved.norm() + 1 / (x - fixed).norm()

    force = torch.func.grad(potential)

    def landing(w: Any) -> Any:
        x, v = torch.tensor([0.0, 8.0]), torch.tensor([0.75, 0.0])
        while x[1] + 0.1 * v[1] > 0:
            a = force(x, w)
            x, v = x + 0.1 * v, v - 0.1 * a
        return (x[0] - x[1] / v[1] * v[0]) ** 2

    return _descent(landing, w0)


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
    "ht": ht,
    "logistic": logistic,
    "logloss": logloss,
}
DERIVATIVES: dict[str, Callable[..., Any]] = {
    "kmeans": kmeans_direction,
    "ba": ba_jacobian,
    "ht": ht_jacobian,
    "saddle": saddle,
    "particle": particle,
}
COMPILED = {**DERIVATIVES, "kmeans": kmeans_direction_compiled}


def build(workload: str, data: dict[str, Any]) -> Built:
    """Functions with tensors, the leading ones to differentiate with respect to."""
    compiled = "PEER_COMPILE" in os.environ
    prepare: Callable[..., Any] = torch.compile if compiled else lambda f: f
    derivatives = COMPILED if compiled else DERIVATIVES
    arguments: list[Any] = [v if isinstance(v, int) else torch.as_tensor(v) for v in data.values()]
    function: Any = prepare(FUNCTIONS[workload]) if workload in FUNCTIONS else None

    def value() -> Any:
        with torch.no_grad():
            return function(*arguments)

    if workload in derivatives:
        derivative = prepare(derivatives[workload])
        return Built(
            None if function is None else value,
            lambda: derivative(*arguments),
            lambda found: [x.numpy() for x in (found if isinstance(found, tuple) else [found])],
        )
    wrt = arguments[: WORKLOADS[workload].wrt]

    def gradient() -> Any:
        for tensor in wrt:
            tensor.requires_grad_()
        result = function(*arguments)
        return result, torch.autograd.grad(result, wrt)

    return Built(value, gradient, lambda found: [part.numpy() for part in found[1]])


def versions() -> str:
    """Of the library."""
    return f"PyTorch {torch.__version__}"
