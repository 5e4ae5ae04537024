"""References of the evaluations that the benchmarks ADBench and GradBench share."""

from __future__ import annotations

from itertools import pairwise

import mpmath
from mpmath import mp, mpf

from references.registry import dot, reference, second_way


def log_gamma(D, a):
    """log Gamma_D(a), of the multivariate gamma function."""
    terms = (mp.loggamma(a + mpf(1 - j) / 2) for j in range(1, D + 1))
    return mpf(D * (D - 1)) / 4 * mp.log(mp.pi) + sum(terms)


def log_sum_exp(x):
    return mp.log(sum(map(mp.exp, x)))


@reference
def gmm(x, gamma, m, alpha, mu, q, l):  # noqa: E741
    # As ADBench's gmm.h: the product with Q goes through l in the order of its elements.
    N, D, K = len(x), len(x[0]), len(alpha)
    F = -mpf(N * D) / 2 * mp.log(2 * mp.pi)
    for point in x:
        terms = []
        for k in range(K):
            centred = [a - b for a, b in zip(point, mu[k], strict=True)]
            product = [mp.exp(a) * b for a, b in zip(q[k], centred, strict=True)]
            packed = iter(l[k])
            for i in range(D):
                for j in range(i + 1, D):
                    product[j] += next(packed) * centred[i]
            terms.append(alpha[k] + sum(q[k]) - dot(product, product) / 2)
        F += log_sum_exp(terms)
    F -= N * log_sum_exp(alpha)
    nu = D + m + 1
    constant = nu * D * (mp.log(gamma) - mp.log(2) / 2) - log_gamma(D, nu / 2)
    for k in range(K):
        squares = sum(mp.exp(2 * a) for a in q[k]) + dot(l[k], l[k])
        F += constant - gamma**2 / 2 * squares + m * sum(q[k])
    return {"F": F}


@second_way("gmm")
def gmm_by_densities(x, gamma, m, alpha, mu, q, l):  # noqa: E741
    # Weights, normal densities with precision Q^T Q, and matrices filled by column.
    D, F = len(x[0]), mpf(0)
    factors = []
    for logs, packed in zip(q, l, strict=True):
        Q = mpmath.diag([mp.exp(a) for a in logs])
        places = [(i, j) for j in range(D) for i in range(j + 1, D)]
        for place, value in zip(places, packed, strict=True):
            Q[place] = value
        factors.append(Q)
    weights = [mp.exp(a) / sum(map(mp.exp, alpha)) for a in alpha]
    for point in x:
        density = mpf(0)
        for weight, centre, Q in zip(weights, mu, factors, strict=True):
            d = mpmath.matrix(point) - mpmath.matrix(centre)
            precision = Q.T * Q
            square = (d.T * precision * d)[0]
            density += weight * mp.sqrt(mpmath.det(precision / (2 * mp.pi))) * mp.exp(-square / 2)
        F += mp.log(density)
    nu = D + m + 1
    product = mp.pi ** (mpf(D * (D - 1)) / 4) * mp.fprod(mp.gamma((nu - j) / 2) for j in range(D))
    for Q in factors:
        trace = sum(a**2 for a in Q)
        power = mpmath.det(Q) ** m
        F += mp.log((gamma / mp.sqrt(2)) ** (nu * D) / product * power) - gamma**2 / 2 * trace
    return {"F": F}


def rotation(r):
    """The matrix exponential of the cross product with r."""
    cross = mpmath.matrix([[0, -r[2], r[1]], [r[2], 0, -r[0]], [-r[1], r[0], 0]])
    return mpmath.expm(cross)


@reference
def bundle_adjustment(feat, camera, point, cam, X, w):
    residuals = []
    for seen, c, p, weight in zip(feat, camera, point, w, strict=True):
        r, centre, (f, u, v, k1, k2) = cam[c][:3], cam[c][3:6], cam[c][6:]
        x = rotation(r) * (mpmath.matrix(X[p]) - mpmath.matrix(centre))
        a, b = x[0] / x[2], x[1] / x[2]
        rho = a**2 + b**2
        scale = f * (1 + k1 * rho + k2 * rho**2)
        residuals.append([weight * (scale * a + u - seen[0]), weight * (scale * b + v - seen[1])])
    return {"reprojection": residuals, "weight": [1 - a**2 for a in w]}


@second_way("bundle_adjustment")
def bundle_adjustment_by_quaternions(feat, camera, point, cam, X, w):
    def product(p, q):
        (a, *u), (b, *v) = p, q
        cross = [u[i - 2] * v[i - 1] - u[i - 1] * v[i - 2] for i in range(3)]
        return [
            a * b - dot(u, v),
            *(a * y + b * x + z for x, y, z in zip(u, v, cross, strict=True)),
        ]

    residuals = []
    for seen, c, p, weight in zip(feat, camera, point, w, strict=True):
        theta = mp.sqrt(dot(cam[c][:3], cam[c][:3]))
        axis = [mp.sinc(theta / 2) / 2 * a for a in cam[c][:3]]
        turn, back = [mp.cos(theta / 2), *axis], [mp.cos(theta / 2), *(-a for a in axis)]
        moved = [mpf(0), *(a - b for a, b in zip(X[p], cam[c][3:6], strict=True))]
        _, x, y, z = product(product(turn, moved), back)
        rho = (x**2 + y**2) / z**2
        scale = cam[c][6] / z * (1 + cam[c][9] * rho + cam[c][10] * rho**2)
        found = [scale * x + cam[c][7], scale * y + cam[c][8]]
        residuals.append([weight * (a - b) for a, b in zip(found, seen, strict=True)])
    return {"reprojection": residuals}


@reference
def lstm(state, seq, main, extra):
    # Diagonal weights: each of the B units is a network of its own, but for the loss.
    B, L = len(extra[0]), len(state) // 2
    into, out, bias = extra
    hidden = [list(state[2 * i]) for i in range(L)]
    cell = [list(state[2 * i + 1]) for i in range(L)]
    total = mpf(0)
    for given, wanted in pairwise(seq):
        y = []
        for unit in range(B):
            a = given[unit] * into[unit]
            for i in range(L):
                f, g, o, z = (
                    (main[2 * i][gate * B + unit], main[2 * i + 1][gate * B + unit])
                    for gate in range(4)
                )
                h = hidden[i][unit]
                kept = cell[i][unit] * mp.mpf(1) / (1 + mp.exp(-(a * f[0] + f[1])))
                gained = mp.tanh(h * z[0] + z[1]) / (1 + mp.exp(-(h * g[0] + g[1])))
                cell[i][unit] = kept + gained
                a = mp.tanh(cell[i][unit]) / (1 + mp.exp(-(a * o[0] + o[1])))
                hidden[i][unit] = a
            y.append(a * out[unit] + bias[unit])
        total += dot(wanted, y) - sum(wanted) * mp.log(2 + sum(map(mp.exp, y)))
    return {"J": -total / (B * (len(seq) - 1))}


def nearest_centroids(x, c):
    """For each point the distances to all centroids, and which is least."""
    for point in x:
        distances = [sum((a - b) ** 2 for a, b in zip(point, centre, strict=True)) for centre in c]
        yield min(distances), distances.index(min(distances))


@reference
def kmeans(x, c):
    return {"J": sum(distance for distance, _ in nearest_centroids(x, c))}


@reference
def kmeans_newton(x, c):
    # Newton's step leads from a centroid to the mean of the points nearest to it.
    step, owners = [], [owner for _, owner in nearest_centroids(x, c)]
    for k, centre in enumerate(c):
        mine = [point for point, owner in zip(x, owners, strict=True) if owner == k]
        step.append([a - sum(b) / len(mine) for a, *b in zip(centre, *mine, strict=True)])
    return {"step": step}
