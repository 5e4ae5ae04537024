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

from benchmarks.peers.geometry import PARENTS
from benchmarks.peers.peer import Built
from benchmarks.peers.shared import BEND, SPREAD, levels
from benchmarks.peers.workloads import WORKLOADS

jax.config.update("jax_enable_x64", True)


def hello(x: Any) -> Any:
    return x * x


def llsq(x: Any, n: int) -> Any:
    t = -1 + 2 * jnp.arange(n, dtype=jnp.float64) / (n - 1)
    residual = jnp.sign(t) - jnp.polyval(x[::-1], t, unroll=16)
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


def ode(x: Any, s: int) -> Any:
    h = 2 / s

    def slope(y: Any) -> Any:
        return x * jnp.concatenate([jnp.ones(1), y[:-1]])

    def step(y: Any, _: Any) -> Any:
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    return jax.lax.scan(step, jnp.zeros_like(x), None, length=s)[0][-1]


def det(A: Any, l: int) -> Any:  # noqa: E741, N803
    rows, minors = A.reshape(l, l), A[-l:]
    for k, (column, rest, sign) in enumerate(levels(l), 2):
        minors = jnp.sum(sign * rows[-k][column] * minors[rest], axis=1)
    return minors[0]


def lstm(main: Any, extra: Any, state: Any, seq: Any) -> Any:
    b = seq.shape[1]
    layers = main.reshape(-1, 2, 4, b)

    def step(carry: Any, pair: Any) -> Any:
        (h, c), (now, then) = carry, pair

        def layer(a: Any, own: Any) -> Any:
            weights, h, c = own
            z = weights[0] * jnp.stack([a, h, a, h]) + weights[1]
            forget, take, give = jax.nn.sigmoid(z[:3])
            c = c * forget + take * jnp.tanh(z[3])
            h = give * jnp.tanh(c)
            return h, (h, c)

        a, carry = jax.lax.scan(layer, now * extra[0], (layers, h, c), unroll=True)
        y = a * extra[1] + extra[2]
        return carry, then @ (y - jnp.log(2 + jnp.sum(jnp.exp(y))))

    _, losses = jax.lax.scan(step, (state[::2], state[1::2]), (seq[:-1], seq[1:]))
    return -jnp.sum(losses) / (b * (len(seq) - 1))


def _turned(r: Any, x: Any) -> Any:
    """x turned about r; the branch at zero is kept from dividing by it."""
    square = r @ r
    theta = jnp.sqrt(jnp.where(square > 0, square, 1))
    k = r / theta
    turned = x * jnp.cos(theta) + jnp.cross(k, x) * jnp.sin(theta)
    turned += k * (k @ x) * (1 - jnp.cos(theta))
    return jnp.where(square > 0, turned, x + jnp.cross(r, x))


def _seen(own: Any, feat: Any) -> Any:
    """One observation of a camera, a point and a weight."""
    x = _turned(own[:3], own[11:14] - own[3:6])
    flat = x[:2] / x[2]
    r = flat @ flat
    at = own[6] * flat * (1 + own[9] * r + own[10] * r * r) + own[7:9]
    return own[14] * (at - feat)


def _own(cam: Any, X: Any, w: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    return jnp.concatenate([cam[camera], X[point], w[:, None]], axis=1)


def ba(cam: Any, X: Any, w: Any, feat: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    return jax.vmap(_seen)(_own(cam, X, w, camera, point), feat), 1 - w * w


def ba_jacobian(cam: Any, X: Any, w: Any, feat: Any, camera: Any, point: Any) -> Any:  # noqa: N803
    own = _own(cam, X, w, camera, point)
    return jax.vmap(jax.jacrev(_seen))(own, feat), jax.vmap(jax.grad(lambda w: 1 - w * w))(w)


def _vertices(theta: Any, relative: Any, inverse: Any, rest: Any, weight: Any, mirror: Any) -> Any:
    angles = jnp.append(theta, 0.0)
    x, z = angles[BEND], angles[SPREAD]
    one, zero = jnp.ones_like(x), jnp.zeros_like(x)
    turn = jnp.stack(
        [
            jnp.stack([jnp.cos(z), -jnp.sin(z) * jnp.cos(x), jnp.sin(z) * jnp.sin(x), zero], 1),
            jnp.stack([jnp.sin(z), jnp.cos(z) * jnp.cos(x), -jnp.cos(z) * jnp.sin(x), zero], 1),
            jnp.stack([zero, jnp.sin(x), jnp.cos(x), zero], 1),
            jnp.stack([zero, zero, zero, one], 1),
        ],
        axis=1,
    )
    posed = relative @ turn
    frames: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        frames.append(posed[bone] if parent < 0 else frames[parent] @ posed[bone])
    moved = jnp.stack(frames) @ inverse
    skin = jnp.einsum("vb,vj,bij->vi", weight, rest, moved[:, :3])
    skin = skin * jnp.array([mirror, 1.0, 1.0])
    return jax.vmap(lambda x: _turned(theta[:3], x))(skin) + theta[3:6]


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
    shares = jnp.concatenate([u, 1 - jnp.sum(u, axis=1, keepdims=True)], axis=1)
    return point - jnp.einsum("nc,nci->ni", shares, at)


def ht_jacobian(theta: Any, u: Any, *others: Any) -> Any:
    """A residual depends on its own u only: two directions give all of those derivatives."""
    by_theta = jax.jacfwd(ht)(theta, u, *others)

    def along(direction: Any) -> Any:
        tangent = jnp.broadcast_to(direction, u.shape)
        return jax.jvp(lambda u: ht(theta, u, *others), (u,), (tangent,))[1]

    return jnp.concatenate([jax.vmap(along, out_axes=2)(jnp.eye(2)), by_theta], axis=2)


def _descent(f: Any, x: Any) -> Any:
    """Steps double after ten that succeed, and halve after one that does not.

    Forward mode, which goes through `while_loop`.
    """

    def evaluated(x: Any) -> Any:
        if x.ndim == 0:
            return jax.jvp(f, (x,), (jnp.ones_like(x),))

        def along(direction: Any) -> Any:
            return jax.jvp(f, (x,), (direction,))

        return jax.vmap(along, out_axes=(None, 0))(jnp.eye(x.size))

    def going(now: Any) -> Any:
        _, _, slope, _, _, moving = now
        return moving & (jnp.sqrt(jnp.vdot(slope, slope)) > 1e-5)

    def step(now: Any) -> Any:
        x, value, slope, rate, good, _ = now
        rate, good = jnp.where(good == 10, 2 * rate, rate), jnp.where(good == 10, 0, good)
        moved = x - rate * slope
        lower, there = evaluated(moved)
        offset = moved - x
        near = jnp.sqrt(jnp.vdot(offset, offset)) <= 1e-5
        better = ~near & (lower < value)
        return (
            jnp.where(better, moved, x),
            jnp.where(better, lower, value),
            jnp.where(better, there, slope),
            jnp.where(near | better, rate, rate / 2),
            jnp.where(better, good + 1, 0),
            ~near,
        )

    return jax.lax.while_loop(going, step, (x, *evaluated(x), 1e-5, 0, True))[0]


def saddle(start: Any) -> Any:
    def f(x: Any, y: Any) -> Any:
        return x @ x - y @ y

    def highest(x: Any) -> Any:
        return _descent(lambda y: -f(x, y), start)

    x = _descent(lambda x: f(x, highest(x)), start)
    return jnp.concatenate([x, highest(x)])


def particle(w0: Any) -> Any:
    def potential(x: Any, y: Any, w: Any) -> Any:
        moved, fixed = (x - 10) ** 2 + (y - 10 + w) ** 2, (x - 10) ** 2 + y**2
        return 1 / jnp.sqrt(moved) + 1 / jnp.sqrt(fixed)

    def landing(w: Any) -> Any:
        def step(now: Any) -> Any:
            x, y, vx, vy = now
            slope_x, slope_y = jax.grad(potential, (0, 1))(x, y, w)
            return x + 0.1 * vx, y + 0.1 * vy, vx - 0.1 * slope_x, vy - 0.1 * slope_y

        def flying(now: Any) -> Any:
            _, y, _, vy = now
            return y + 0.1 * vy > 0

        x, y, vx, vy = jax.lax.while_loop(flying, step, (0.0, 8.0, 0.75, 0.0))
        return (x - y / vy * vx) ** 2

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
