"""What the evaluations are to answer, by other means: NumPy formulas and complex steps.

Each value is a formula of its own; each derivative is the imaginary part of that formula at
inputs that were moved by a tiny imaginary number, so no rule of differentiation is used twice.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from math import lgamma, log, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_STEP = 1e-30


def expected(evaluation: str, function: str, given: Any) -> Any:
    """The output for an input."""
    return _REFERENCES[evaluation, function](given)


def differences(found: Any, wanted: Any, place: str = "output") -> Iterator[str]:
    """Where an output is not as wanted, to nine digits of each number.

    Numbers that are 1e-12 of the largest in their array may have been cancelled.
    """
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or found.keys() != wanted.keys():
            yield f"{place} is to have {', '.join(wanted)}"
            return
        for name in wanted:
            yield from differences(found[name], wanted[name], f"{place}.{name}")
        return
    try:
        have, want = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    except (TypeError, ValueError):
        yield f"{place} is no array of numbers"
        return
    if have.shape != want.shape:
        yield f"{place} has shape {have.shape}, wanted {want.shape}"
        return
    scale = np.max(np.abs(want), initial=0.0)
    wrong = ~(np.abs(have - want) <= 1e-9 * np.abs(want) + 1e-12 * scale)
    for index in np.argwhere(wrong)[:3]:
        at = tuple(index)
        yield f"{place}{list(map(int, index)) or ''} is {have[at]!r}, wanted {want[at]!r}"


def slopes(f: Callable[[Array], Any], x: Array) -> Array:
    """The derivatives of an analytic function in all elements of x; those of x are last."""
    columns = []
    for place in range(x.size):
        moved = x.astype(complex)
        moved.flat[place] += _STEP * 1j
        columns.append(np.imag(f(moved)) / _STEP)
    return np.stack(columns, axis=-1)


def _llsq(x: Array, n: int) -> Any:
    t = np.linspace(-1, 1, n)
    return np.sum((np.sign(t) - np.vander(t, len(x), increasing=True) @ x) ** 2) / 2


def _lse(x: Array) -> Any:
    top = np.max(x.real)
    return top + np.log(np.sum(np.exp(x - top)))


def _ode(x: Array, s: int) -> Array:
    # The system is linear, z' = L z with z = (1, y): a step is the series of exp(h L) to h^4.
    step = np.eye(len(x) + 1, dtype=x.dtype)
    part = np.eye(len(x) + 1, dtype=x.dtype)
    for k in range(1, 5):
        part = part @ np.diag(x, -1) * (2 / s / k)
        step = step + part
    z = np.eye(len(x) + 1, dtype=x.dtype)[0]
    for _ in range(s):
        z = step @ z
    y: Array = z[1:]
    return y


def _distances(given: Any) -> tuple[Array, Array, Array]:
    points, centroids = np.array(given["points"]), np.array(given["centroids"])
    return points, centroids, np.sum((points[:, None] - centroids) ** 2, axis=-1)


def _cost(given: Any) -> Any:
    return np.sum(np.min(_distances(given)[-1], axis=1))


def _direction(given: Any) -> Any:
    # Newton's step leads from a centroid to the mean of the points nearest to it.
    points, centroids, distances = _distances(given)
    near = np.argmin(distances, axis=1)
    return [c - np.mean(points[near == k], axis=0) for k, c in enumerate(centroids)]


def _gmm(given: Any, name: str | None = None, moved: Array | None = None) -> Any:
    fields = {key: np.array(given[key]) for key in ("alpha", "mu", "q", "l")}
    if name is not None:
        fields[name] = np.asarray(moved)
    alpha, mu, q, packed = fields.values()
    x, (k, d), m, gamma = np.array(given["x"]), mu.shape, given["m"], given["gamma"]
    b = []
    squares: Any = 0
    for c in range(k):
        Q = np.diag(np.exp(q[c])).astype(np.result_type(q, packed))  # noqa: N806
        columns = [(i, j) for j in range(d) for i in range(j + 1, d)]
        for (i, j), element in zip(columns, packed[c], strict=True):
            Q[i, j] = element
        b.append(alpha[c] + np.sum(q[c]) - np.sum(((x - mu[c]) @ Q.T) ** 2, axis=1) / 2)
        squares += np.sum(Q**2)
    nu = d + m + 1
    log_gamma = d * (d - 1) / 4 * log(pi) + sum(lgamma((nu + 1 - j) / 2) for j in range(1, d + 1))
    likelihood = sum(_lse(row) for row in np.array(b).T) - len(x) * _lse(alpha)
    prior = k * (nu * d * log(gamma / sqrt(2)) - log_gamma) - gamma**2 / 2 * squares
    return -len(x) * d / 2 * log(2 * pi) + likelihood + prior + m * np.sum(q)


def _gmm_jacobian(given: Any) -> Any:
    found = {}
    for name in ("alpha", "mu", "q", "l"):
        x = np.array(given[name])
        gradient = slopes(partial(_gmm, given, name), x) if x.size else x
        found[name] = gradient.reshape(x.shape)
    return found


def _lstm(given: Any, moved: Array | None = None) -> Any:
    main, extra = np.array(given["main_params"]), np.array(given["extra_params"])
    if moved is not None:
        main, extra = moved[: main.size].reshape(main.shape), moved[main.size :].reshape(3, -1)
    b = extra.shape[1]
    state: list[Array] = list(np.array(given["state"]))
    sequence = np.array(given["sequence"])
    total: Any = 0
    for now, then in pairwise(sequence):
        a = now * extra[0]
        for layer in range(0, len(main), 2):
            (wf, wi, wo, wc), (bf, bi, bo, bc) = main[layer : layer + 2].reshape(2, 4, b)
            h, c = state[layer : layer + 2]
            kept = c / (1 + np.exp(-a * wf - bf))
            c = kept + np.tanh(h * wc + bc) / (1 + np.exp(-h * wi - bi))
            a = np.tanh(c) / (1 + np.exp(-a * wo - bo))
            state[layer : layer + 2] = [a, c]
        y = a * extra[1] + extra[2]
        total += np.sum(then * (y - np.log(2 + np.sum(np.exp(y)))))
    return -total / (b * (len(sequence) - 1))


def _lstm_jacobian(given: Any) -> Any:
    parameters = [np.ravel(given["main_params"]), np.ravel(given["extra_params"])]
    return slopes(lambda moved: _lstm(given, moved), np.concatenate(parameters))


def turned(r: Array, x: Array) -> Array:
    """x turned by the matrix exponential of the cross product with r, as a power series."""
    total = term = x.astype(complex)
    for k in range(1, 80):
        term = np.cross(r, term) / k
        total = total + term
    return total


def seen(own: Array, feature: Array) -> Array:
    """What one observation of ba measures: from camera, point and weight, 15 numbers."""
    x = turned(own[:3], own[11:14] - own[3:6])
    flat = x[:2] / x[2]
    r = flat @ flat
    at = own[6] * flat * (1 + own[9] * r + own[10] * r**2) + own[7:9]
    residual: Array = own[14] * (at - feature)
    return residual


def _own(given: Any) -> Array:
    return np.array([*given["cam"], *given["x"], given["w"]])


def _ba_objective(given: Any) -> Any:
    elements = np.real(seen(_own(given), np.array(given["feat"])))
    return {
        "reproj_error": {"elements": elements, "repeated": given["p"]},
        "w_err": {"element": 1 - given["w"] ** 2, "repeated": given["p"]},
    }


def _ba_jacobian(given: Any) -> Any:
    # The matrix without its zeros, row after row, as lists.
    rows, columns, values = [0], [], []
    first, second = slopes(lambda own: seen(own, np.array(given["feat"])), _own(given))
    n, m, p = given["n"], given["m"], given["p"]
    for k in range(p):
        for block in (first, second):
            columns += [11 * (k % n) + i for i in range(11)]
            columns += [11 * n + 3 * (k % m) + i for i in range(3)] + [11 * n + 3 * m + k]
            values += list(block)
            rows.append(len(columns))
    for k in range(p):
        columns.append(11 * n + 3 * m + k)
        values.append(-2 * given["w"])
        rows.append(len(columns))
    ends = {"rows": rows, "cols": columns, "vals": values}
    return {name: [*elements[:30], elements[-1]] for name, elements in ends.items()}


def _hand(given: Any, theta: Array, us: Array) -> Array:
    """The residuals of ht, three for each point."""
    data, model = given["data"], given["data"]["model"]
    frames: list[Array] = []
    for bone, parent in enumerate(model["parents"]):
        angles = [0, 0]
        finger, joint = divmod(bone - 2, 4)
        if bone >= 2 and joint < 3:
            first = 6 + 4 * finger
            angles = (
                [theta[first], theta[first + 1]] if joint == 0 else [theta[first + joint + 1], 0]
            )
        (cx, sx), (cz, sz) = ((np.cos(angle), np.sin(angle)) for angle in angles)
        about_x = np.array([[1, 0, 0, 0], [0, cx, -sx, 0], [0, sx, cx, 0], [0, 0, 0, 1]])
        about_z = np.array([[cz, -sz, 0, 0], [sz, cz, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
        frame = np.array(model["base_relatives"][bone]) @ about_z @ about_x
        frames.append(frame if parent < 0 else frames[parent] @ frame)
    rest = np.array(model["base_positions"])
    skin: Any = 0
    bones = zip(frames, model["inverse_base_absolutes"], np.array(model["weights"]).T, strict=True)
    for frame, inverse, weight in bones:
        skin = skin + weight[:, None] * (rest @ (frame @ np.array(inverse)).T)
    skin = skin[:, :3] * [-1 if model["is_mirrored"] else 1, 1, 1]
    rotation = np.stack([turned(theta[:3], axis) for axis in np.eye(3)])
    vertices = skin @ rotation + theta[3:6]
    at = data["correspondences"]
    if not us.size:
        return np.ravel(data["points"] - vertices[at])
    corners = vertices[np.array(model["triangles"])[at]]
    u = np.c_[us, 1 - us[:, 0] - us[:, 1]]
    return np.ravel(data["points"] - np.sum(u[:, :, None] * corners, axis=1))


def _ht_objective(given: Any) -> Any:
    return np.real(_hand(given, np.array(given["theta"]), np.array(given["us"])))


def _ht_jacobian(given: Any) -> Any:
    theta, us = np.array(given["theta"]), np.array(given["us"])
    by_theta = slopes(lambda moved: _hand(given, moved, us), theta)
    if not us.size:
        return by_theta
    steps = [_STEP * 1j * np.eye(2)[i] for i in range(2)]
    by_u = [np.imag(_hand(given, theta, us + step)) / _STEP for step in steps]
    return np.c_[np.stack(by_u, axis=1), by_theta]


def _descent(f: Callable[[Array], Any], x: Array) -> Array:
    """GradBench's gradient descent: steps double after ten that succeed, and else halve."""
    value, gradient = np.real(f(x)), slopes(f, x)
    rate, successes = 1e-5, 0
    while np.linalg.norm(gradient) > 1e-5:
        if successes == 10:
            rate, successes = 2 * rate, 0
            continue
        moved = x - rate * gradient
        if np.linalg.norm(moved - x) <= 1e-5:
            break
        lower = np.real(f(moved))
        if lower < value:
            x, value, gradient = moved, lower, slopes(f, moved)
            successes += 1
        else:
            rate, successes = rate / 2, 0
    return x


def _saddle(given: Any) -> Any:
    # Where y ends does not depend on where x is, nor its last value on how it was moved.
    start = np.array(given["start"])
    y = _descent(lambda y: y @ y, start)
    x = _descent(lambda x: x @ x - y @ y, start)
    return [*x, *y]


def _landing(w: Array) -> Any:
    x, y, vx, vy = 0j, 8 + 0j, 0.75 + 0j, 0j
    charges = [(10, 10 - w[0]), (10, 0)]
    while True:
        ax = ay = 0j
        for px, py in charges:
            cube = cmath.sqrt((x - px) ** 2 + (y - py) ** 2) ** 3
            ax, ay = ax + (x - px) / cube, ay + (y - py) / cube
        x, y = x + 0.1 * vx, y + 0.1 * vy
        if y.real <= 0:
            return (x - y / vy * vx) ** 2
        vx, vy = vx + 0.1 * ax, vy + 0.1 * ay


def _particle(given: Any) -> Any:
    return _descent(_landing, np.array([given["w"]]))[0]


def _det(A: Array) -> Any:  # noqa: N803
    return np.linalg.det(A.reshape(round(sqrt(A.size)), -1))


def _gradient(f: Callable[..., Any], name: str, *others: str) -> Callable[[Any], Any]:
    return lambda given: slopes(
        lambda moved: f(moved, *(given[other] for other in others)), np.array(given[name])
    )


def _value(f: Callable[..., Any], *names: str) -> Callable[[Any], Any]:
    return lambda given: f(np.array(given[names[0]]), *(given[name] for name in names[1:]))


_REFERENCES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("hello", "square"): lambda x: x * x,
    ("hello", "double"): lambda x: 2 * x,
    ("llsq", "primal"): _value(_llsq, "x", "n"),
    ("llsq", "gradient"): _gradient(_llsq, "x", "n"),
    ("lse", "primal"): _value(_lse, "x"),
    ("lse", "gradient"): _gradient(_lse, "x"),
    ("ode", "primal"): _value(_ode, "x", "s"),
    ("ode", "gradient"): _gradient(lambda x, s: _ode(x, s)[-1], "x", "s"),
    ("det", "primal"): _value(_det, "A"),
    ("det", "gradient"): _gradient(_det, "A"),
    ("kmeans", "cost"): _cost,
    ("kmeans", "dir"): _direction,
    ("gmm", "objective"): _gmm,
    ("gmm", "jacobian"): _gmm_jacobian,
    ("lstm", "objective"): _lstm,
    ("lstm", "jacobian"): _lstm_jacobian,
    ("ba", "objective"): _ba_objective,
    ("ba", "jacobian"): _ba_jacobian,
    ("ht", "objective"): _ht_objective,
    ("ht", "jacobian"): _ht_jacobian,
    **{("saddle", modes): _saddle for modes in ("rr", "ff", "fr", "rf")},
    **{("particle", modes): _particle for modes in ("rr", "ff", "fr", "rf")},
}

FUNCTIONS = frozenset(_REFERENCES)
