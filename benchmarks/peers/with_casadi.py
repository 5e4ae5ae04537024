"""CasADi: one `Function` of the value and its gradient, evaluated by CasADi's own machine.

Loops are `mapaccum` and `map` of the function of one step or one observation; matrices are
columns side by side, so arrays of rows are transposed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np

from benchmarks.peers.peer import Built
from benchmarks.peers.shared import levels
from benchmarks.peers.workloads import WORKLOADS


def hello(x: Any) -> Any:
    return x * x


def llsq(x: Any, n: int) -> Any:
    t = -1 + 2 * np.arange(n) / (n - 1)
    residual = np.sign(t) - ca.mtimes(np.vander(t, x.numel(), increasing=True), x)
    return ca.sumsqr(residual) / 2


def lse(x: Any) -> Any:
    most = ca.mmax(x)
    return most + ca.log(ca.sum1(ca.exp(x - most)))


def ode(x: Any, s: int) -> Any:
    h, size = 2 / s, x.numel()
    y, factors = ca.MX.sym("y", size), ca.MX.sym("x", size)

    def slope(y: Any) -> Any:
        return factors * ca.vertcat(1, y[:-1])

    k1 = slope(y)
    k2 = slope(y + h / 2 * k1)
    k3 = slope(y + h / 2 * k2)
    k4 = slope(y + h * k3)
    after = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    step = ca.Function("step", [y, factors], [after])
    return step.mapaccum(s)(np.zeros(size), ca.repmat(x, 1, s))[-1, -1]


def det(A: Any, l: int) -> Any:  # noqa: E741, N803
    a = ca.SX.sym("a", l * l)
    minors = [a[l * (l - 1) + j] for j in range(l)]
    for k, (column, rest, sign) in enumerate(levels(l), 2):
        row = a[l * (l - k) : l * (l - k + 1)]
        minors = [
            sum(
                int(s) * row[int(c)] * minors[int(r)]
                for s, c, r in zip(sign, columns, rests, strict=True)
            )
            for columns, rests in zip(column, rest, strict=True)
        ]
    return ca.Function("det", [a], [minors[0]])(A)


def gmm(alpha: Any, mu: Any, q: Any, l: Any, x: Any, gamma: Any, m: Any) -> Any:  # noqa: E741
    """All but `alpha` with a column for each component or point."""
    (d, n), k = x.shape, alpha.numel()
    columns, rows = np.triu_indices(d, 1)
    below = ca.Sparsity.triplet(d, d, rows.tolist(), columns.tolist())
    logs, squares = [], 0
    for c in range(k):
        factor = ca.diag(ca.exp(q[:, c])) + ca.MX(below, l[:, c])
        turned = ca.mtimes(factor, x) - ca.repmat(ca.mtimes(factor, mu[:, c]), 1, n)
        logs.append(alpha[c] + ca.sum1(q[:, c]) - ca.sum1(turned * turned) / 2)
        squares += ca.sumsqr(factor)
    most = logs[0]
    for row in logs[1:]:
        most = ca.fmax(most, row)
    mixture = ca.sum2(most + ca.log(sum(ca.exp(row - most) for row in logs)))
    mixture -= n * ca.logsumexp(alpha)
    nu = d + m + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi)
    log_gamma += sum(math.lgamma(nu / 2 + (1 - j) / 2) for j in range(1, d + 1))
    prior = k * (nu * d * math.log(gamma / math.sqrt(2)) - log_gamma)
    prior += -(gamma**2) / 2 * squares + m * ca.sum1(ca.sum2(q))
    return -n * d / 2 * math.log(2 * math.pi) + mixture + prior


def lstm(main: Any, extra: Any, state: Any, seq: Any) -> Any:
    """All with a column for what is a row elsewhere."""
    (b, length), count = seq.shape, state.shape[1]
    weights, kept = ca.SX.sym("main", *main.shape), ca.SX.sym("extra", *extra.shape)
    before = ca.SX.sym("state", *state.shape)
    now, then = ca.SX.sym("now", b), ca.SX.sym("then", b)
    a, after = now * kept[:, 0], []
    for i in range(0, count, 2):
        h, c = before[:, i], before[:, i + 1]
        z = weights[:, i] * ca.vertcat(a, h, a, h) + weights[:, i + 1]
        forget, take, give = (1 / (1 + ca.exp(-z[j * b : (j + 1) * b])) for j in range(3))
        c = c * forget + take * ca.tanh(z[3 * b :])
        a = give * ca.tanh(c)
        after += [a, c]
    y = a * kept[:, 1] + kept[:, 2]
    loss = ca.dot(then, y - ca.log(2 + ca.sum1(ca.exp(y))))
    step = ca.Function("step", [before, weights, kept, now, then], [ca.horzcat(*after), loss])
    steps = length - 1
    _, losses = step.mapaccum(steps)(
        state, ca.repmat(main, 1, steps), ca.repmat(extra, 1, steps), seq[:, :-1], seq[:, 1:]
    )
    return -ca.sum2(losses) / (b * steps)


def logistic(w: Any, X: Any, y: Any) -> Any:  # noqa: N803
    """The rows of X are columns."""
    z = ca.mtimes(w.T, X).T
    return _losses(z, y) / y.numel() + 0.05 * ca.sumsqr(w)


def logloss(z: Any, y: Any) -> Any:
    return _losses(z, y)


def _losses(z: Any, y: Any) -> Any:
    return ca.sum1(ca.fmax(z, 0) + ca.log1p(ca.exp(-ca.fabs(z)))) - ca.dot(y, z)


def _observation() -> Any:
    """The function of one observation: its residual and the derivative."""
    own, feat = ca.SX.sym("own", 15), ca.SX.sym("feat", 2)
    r, x = own[:3], own[11:14] - own[3:6]
    theta = ca.norm_2(r)
    k = r / theta
    x = x * ca.cos(theta) + ca.cross(k, x) * ca.sin(theta) + k * ca.dot(k, x) * (1 - ca.cos(theta))
    flat = x[:2] / x[2]
    square = ca.sumsqr(flat)
    at = own[6] * flat * (1 + own[9] * square + own[10] * square**2) + own[7:9]
    residual = own[14] * (at - feat)
    jacobian = ca.densify(ca.jacobian(residual, own)).T
    return own, feat, residual, jacobian


def _bundle(data: dict[str, Any]) -> Built:
    cam, X, w, feat, camera, point = data.values()  # noqa: N806
    count = len(w)
    own, features, residual, jacobian = _observation()
    outputs = {"value": [residual, 1 - own[14] ** 2], "gradient": [jacobian, -2 * own[14]]}
    functions = {
        name: ca.Function(name, [own, features], found).map(count)
        for name, found in outputs.items()
    }
    cameras, points, weights, seen = (ca.DM(v) for v in (cam.T, X.T, w[None], feat.T))
    camera, point = camera.tolist(), point.tolist()

    def called(name: str) -> Any:
        gathered = ca.vertcat(cameras[:, camera], points[:, point], weights)
        return functions[name](gathered, seen)

    def arrays(found: Any) -> list[Any]:
        blocks = np.asarray(found[0]).reshape(15, count, 2)
        return [blocks.transpose(1, 2, 0), np.asarray(found[1]).ravel()]

    return Built(lambda: called("value"), lambda: called("gradient"), arrays)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "hello": hello,
    "llsq": llsq,
    "lse": lse,
    "ode": ode,
    "det": det,
    "gmm": gmm,
    "lstm": lstm,
    "logistic": logistic,
    "logloss": logloss,
}
CONSTANT = ("n", "s", "l", "gamma", "m")  # known when a function is made, if numbers


def build(workload: str, data: dict[str, Any]) -> Built:
    """The functions with their arguments as matrices of CasADi."""
    if workload == "ba":
        return _bundle(data)
    symbols, given, arguments = [], [], []
    for name, value in data.items():
        if name in CONSTANT and np.ndim(value) == 0:
            arguments.append(value)
            continue
        matrix = ca.DM(np.asarray(value, dtype=np.float64).T)
        symbols.append(ca.MX.sym(name, *matrix.shape))
        given.append(matrix)
        arguments.append(symbols[-1])
    value = FUNCTIONS[workload](*arguments)
    wrt = symbols[: WORKLOADS[workload].wrt]
    slopes = [ca.gradient(value, symbol) for symbol in wrt]
    alone = ca.Function("value", symbols, [value])
    both = ca.Function("gradient", symbols, [value, *slopes])
    return Built(
        lambda: alone(*given),
        lambda: both(*given),
        lambda found: [np.asarray(part).T for part in found[1:]],
    )


def versions() -> str:
    """Of the library."""
    return f"CasADi {ca.__version__}"
