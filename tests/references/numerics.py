"""References of examples from numerical analysis: linear systems, determinants, stable forms."""

from __future__ import annotations

from itertools import permutations

import mpmath
from mpmath import mp, mpf

from references.registry import dot, reference, second_way, times, transposed


@reference
def lse(x):
    return {"J": mp.log(sum(map(mp.exp, x)))}


@reference
def ridge_validation(X, y, X_val, y_val, log_lambda):
    normal = mpmath.matrix(times(transposed(X), X))
    for d, penalty in enumerate(log_lambda):
        normal[d, d] += mp.exp(penalty)
    w = list(mpmath.lu_solve(normal, mpmath.matrix(times(transposed(X), y))))
    errors = [dot(x, w) - t for x, t in zip(X_val, y_val, strict=True)]
    return {"J": dot(errors, errors) / (2 * len(y_val))}


@second_way("ridge_validation")
def ridge_validation_as_least_squares(X, y, X_val, y_val, log_lambda):
    # A penalty is a further observation of zero with the root of the penalty as its row.
    size = len(log_lambda)
    penalties = [
        [mp.exp(penalty / 2) if d == e else mpf(0) for e in range(size)]
        for d, penalty in enumerate(log_lambda)
    ]
    w = list(mpmath.qr_solve(mpmath.matrix(X + penalties), mpmath.matrix(y + [mpf(0)] * size))[0])
    errors = [dot(x, w) - t for x, t in zip(X_val, y_val, strict=True)]
    return {"J": dot(errors, errors) / (2 * len(y_val))}


def runge_kutta(f, y, h):
    """One step of the classical method."""

    def moved(k, by):
        return [a + by * b for a, b in zip(y, k, strict=True)]

    k1 = f(y)
    k2 = f(moved(k1, h / 2))
    k3 = f(moved(k2, h / 2))
    k4 = f(moved(k3, h))
    slopes = zip(k1, k2, k3, k4, strict=True)
    return moved([a + 2 * b + 2 * c + d for a, b, c, d in slopes], h / 6)


@reference
def ode(x):
    y = [mpf(0)] * len(x)
    for _ in range(10):
        y = runge_kutta(
            lambda y: [a * b for a, b in zip(x, [mpf(1), *y[:-1]], strict=True)], y, mpf(2) / 10
        )
    return {"J": y[-1]}


@second_way("ode")
def ode_by_series(x):
    # The system is linear, z' = L z with z = (1, y): a step is the series of exp(h L) to h^4.
    size = len(x) + 1
    steps = mpmath.matrix(size, size)
    for i, a in enumerate(x):
        steps[i + 1, i] = a * mpf(2) / 10
    series = mpmath.eye(size)
    for k in (4, 3, 2, 1):
        series = mpmath.eye(size) + steps * series / k
    return {"J": (series**10)[size - 1, 0]}


@reference
def lotka_volterra(data, alpha, beta, gamma, delta, start):
    y, total = start, mpf(0)
    for seen in data:
        y = runge_kutta(
            lambda y: [
                y[0] * (alpha - beta * y[1]),
                -y[1] * (gamma - delta * y[0]),
            ],
            y,
            mpf(0.25),
        )
        total += sum((a - b) ** 2 for a, b in zip(y, seen, strict=True))
    return {"J": total / len(data)}


@reference
def spring_network(f, measured, k):
    # K is tridiagonal: each mass is held by the springs at its two sides.
    size = len(f)
    K = mpmath.matrix(size, size)
    for i in range(size):
        K[i, i] = k[i] + k[i + 1]
        if i + 1 < size:
            K[i, i + 1] = K[i + 1, i] = -k[i + 1]
    u = mpmath.lu_solve(K, mpmath.matrix(f))
    return {"J": sum((a - b) ** 2 for a, b in zip(u, measured, strict=True)) / 2}


@second_way("spring_network")
def spring_network_by_balance(f, measured, k):
    # The tension t_0 of the first spring leaves t_e = t_0 - f_0 - ... - f_{e-1} for spring e,
    # and the springs' stretches t_e / k_e sum to zero.
    pulls = [sum(f[:e], mpf(0)) for e in range(len(k))]
    first = sum(p / s for p, s in zip(pulls, k, strict=True)) / sum(1 / s for s in k)
    u, total = mpf(0), mpf(0)
    for e, seen in enumerate(measured):
        u += (first - pulls[e]) / k[e]
        total += (u - seen) ** 2
    return {"J": total / 2}


@reference
def det_lu(A):
    """By Leibniz's formula."""
    total = mpf(0)
    for order in permutations(range(len(A))):
        inversions = sum(order[j] > order[i] for i in range(len(A)) for j in range(i))
        total += (-1) ** inversions * mp.fprod(A[i][j] for i, j in enumerate(order))
    return {"J": total}


@reference
def det_minors(A):
    return det_lu(A)


@second_way("det_lu")
@second_way("det_minors")
def determinant(A):
    return {"J": mpmath.det(mpmath.matrix(A))}


@reference
def llsq(x):
    total = mpf(0)
    for i in range(9):
        t = mpf(2 * i) / 8 - 1
        p = sum((a * t**j for j, a in enumerate(x)), mpf(0))
        total += (mp.sign(t) - p) ** 2
    return {"J": total / 2}


@reference
def filter(y, kernel, x, **rest):
    size = len(kernel)
    total = mpf(0)
    for i, seen in enumerate(y):
        # Element n of the full convolution is sum_k kernel[k] x[n - k].
        n = i + size - 1
        total += (sum(kernel[k] * x[n - k] for k in range(size)) - seen) ** 2
    for a, b, c in zip(x, x[1:], x[2:], strict=False):
        total += rest["lambda"] * ((c - b) - (b - a)) ** 2
    return {"J": total}


@reference
def heat(u0, a, measured):
    rows, columns = len(u0), len(u0[0])
    u = {(i, j): u0[i][j] for i in range(rows) for j in range(columns)}
    for _ in range(6):
        u = {
            (i, j): value
            + a
            * mpf(0.1)
            * (
                sum(u.get(near, 0) for near in ((i, j - 1), (i, j + 1), (i - 1, j), (i + 1, j)))
                - 4 * value
            )
            for (i, j), value in u.items()
        }
    return {"J": sum((value - measured[i][j]) ** 2 for (i, j), value in u.items()) / 2}


@second_way("heat")
def heat_by_matrices(u0, a, measured):
    # The step is I + a dt (A kron I + I kron B) with the second differences of each axis.
    def second_difference(size):
        d = mpmath.matrix(size, size)
        for i in range(size):
            d[i, i] = -2
            if i + 1 < size:
                d[i, i + 1] = d[i + 1, i] = 1
        return d

    u, rate = mpmath.matrix(u0), a * mpf(0.1)
    across, along = second_difference(u.rows), second_difference(u.cols)
    for _ in range(6):
        u = u + rate * (across * u + u * along)
    return {"J": sum(v**2 for v in u - mpmath.matrix(measured)) / 2}


@reference
def newton_sqrt(a):
    return {"x": mp.sqrt(a)}


@reference
def kepler(M, ecc, a):
    E = mp.findroot(lambda E: E - ecc * mp.sin(E) - M, M)
    return {"x": a * (mp.cos(E) - ecc), "y": a * mp.sqrt(1 - ecc**2) * mp.sin(E)}


@second_way("kepler")
def kepler_by_angle(M, ecc, a):
    # From the true anomaly: tan(nu/2) = sqrt((1+e)/(1-e)) tan(E/2), r = a (1 - e cos E);
    # E itself from its series in Bessel functions.
    E = M + mp.nsum(lambda n: 2 / n * mp.besselj(n, n * ecc) * mp.sin(n * M), [1, 400])
    nu = 2 * mp.atan(mp.sqrt((1 + ecc) / (1 - ecc)) * mp.tan(E / 2))
    r = a * (1 - ecc * mp.cos(E))
    return {"x": r * mp.cos(nu), "y": r * mp.sin(nu)}


@reference
def power_iteration(A):
    values, _ = mpmath.eig(mpmath.matrix(A))
    return {"J": max(mp.re(value) for value in values)}
