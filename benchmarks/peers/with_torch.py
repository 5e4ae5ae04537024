"""PyTorch, eager or by `torch.compile`: the value, and its gradient by `torch.autograd.grad`."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.peers.peer import Built
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
COMPILED: dict[str, Callable[..., Any]] = {"kmeans": kmeans_direction_compiled}


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
            lambda found: [np.asarray(found)],
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
