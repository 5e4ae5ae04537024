"""JAX: `jit` of `value_and_grad` in 64 bits; results are waited for.

Whole numbers are static; everything else is an argument on the device, so that no data is a
constant of the compiled function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, logsumexp

from benchmarks.peers.peer import Built
from benchmarks.peers.workloads import WORKLOADS

jax.config.update("jax_enable_x64", True)


def hello(x: Any) -> Any:
    return x * x


def llsq(x: Any, n: int) -> Any:
    t = -1 + 2 * jnp.arange(n, dtype=jnp.float64) / (n - 1)
    residual = jnp.sign(t) - jnp.polyval(x[::-1], t, unroll=x.size)
    return residual @ residual / 2


def lse(x: Any) -> Any:
    most = jnp.max(x)
    return most + jnp.log(jnp.sum(jnp.exp(x - most)))


def kmeans(c: Any, x: Any) -> Any:
    nearest = jnp.argmin(jnp.sum(c * c, 1) - 2 * x @ c.T, axis=1)
    return jnp.sum((x - c[nearest]) ** 2)


def kmeans_direction(c: Any, x: Any) -> Any:
    """The Hessian is diagonal: its product with ones is its diagonal."""
    gradient, diagonal = jax.jvp(jax.grad(kmeans), (c, x), (jnp.ones_like(c), jnp.zeros_like(x)))
    return gradient / diagonal


def gmm(alpha: Any, mu: Any, q: Any, l: Any, x: Any, gamma: Any, m: Any) -> Any:  # noqa: E741
    (n, d), k = x.shape, len(alpha)
    columns, rows = np.triu_indices(d, 1)
    factors = jax.vmap(jnp.diag)(jnp.exp(q)).at[:, rows, columns].set(l)
    turned = (x - mu[:, None]) @ factors.mT
    logs = (alpha + q.sum(1))[:, None] - jnp.sum(turned**2, 2) / 2
    mixture = jnp.sum(logsumexp(logs, axis=0)) - n * logsumexp(alpha)
    nu = d + m + 1
    log_gamma = d * (d - 1) / 4 * jnp.log(jnp.pi)
    log_gamma += jnp.sum(gammaln(nu / 2 + (1 - jnp.arange(1, d + 1)) / 2))
    prior = k * (nu * d * jnp.log(gamma / jnp.sqrt(2)) - log_gamma)
    prior += -(gamma**2) / 2 * jnp.sum(factors**2) + m * jnp.sum(q)
    return -n * d / 2 * jnp.log(2 * jnp.pi) + mixture + prior


def logistic(w: Any, X: Any, y: Any) -> Any:  # noqa: N803
    z = X @ w
    return jnp.mean(jnp.logaddexp(0, z) - y * z) + 0.05 * w @ w


def logloss(z: Any, y: Any) -> Any:
    return jnp.sum(jnp.logaddexp(0, z) - y * z)


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
    """Compiled functions with their arguments on the device."""
    static = tuple(name for name, value in data.items() if isinstance(value, int))
    arguments = tuple(v if isinstance(v, int) else jnp.asarray(v) for v in data.values())
    if workload in DERIVATIVES:
        derivative = DERIVATIVES[workload]
    else:
        derivative = jax.value_and_grad(FUNCTIONS[workload], tuple(range(WORKLOADS[workload].wrt)))
    places = tuple(list(data).index(name) for name in static)
    gradient = jax.jit(derivative, static_argnums=places)
    value = jax.jit(FUNCTIONS[workload], static_argnums=places) if workload in FUNCTIONS else None
    return Built(
        None if value is None else lambda: jax.block_until_ready(value(*arguments)),
        lambda: jax.block_until_ready(gradient(*arguments)),
        lambda found: [
            np.asarray(part)
            for part in jax.tree.leaves(found if workload in DERIVATIVES else found[1])
        ],
    )


def versions() -> str:
    """Of the library."""
    return f"JAX {jax.__version__}"
