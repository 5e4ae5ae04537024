"""References of examples whose quantities follow one another in time."""

from __future__ import annotations

from itertools import pairwise, product

import mpmath
from mpmath import mp, mpf

from references.registry import dot, reference, second_way, times


@reference
def kalman(y, A, C, Q, R, m0, V0):
    A, C, Q, R, V = (mpmath.matrix(each) for each in (A, C, Q, R, V0))
    m, total = mpmath.matrix(m0), mpf(0)
    for seen in y:
        m, V = A * m, A * V * A.T + Q
        r, S = mpmath.matrix(seen) - C * m, C * V * C.T + R
        inverse = S**-1
        total -= (r.T * inverse * r)[0] + mp.log(mpmath.det(2 * mp.pi * S))
        m, V = m + V * C.T * inverse * r, V - V * C.T * inverse * C * V
    return {"J": total / 2}


@second_way("kalman")
def kalman_at_once(y, A, C, Q, R, m0, V0):
    """The density of all observations at once, as one normal vector."""
    A, C, Q, R, V = (mpmath.matrix(each) for each in (A, C, Q, R, V0))
    size, steps = C.rows, len(y)
    mean, covariance = mpmath.matrix(steps * size, 1), mpmath.matrix(steps * size, steps * size)
    m = mpmath.matrix(m0)
    for t in range(steps):
        m, V = A * m, A * V * A.T + Q  # of x_t, without any observation
        across = V * C.T  # cov(x_s, y_t) for s = t, t+1, ...
        for s in range(t, steps):
            block = C * across + (R if s == t else 0 * R)
            for i in range(size):
                for j in range(size):
                    covariance[s * size + i, t * size + j] = block[i, j]
                    covariance[t * size + j, s * size + i] = block[i, j]
            across = A * across
        for i, value in enumerate(C * m):
            mean[t * size + i] = value
    r = mpmath.matrix([value for row in y for value in row]) - mean
    square = (r.T * mpmath.lu_solve(covariance, r))[0]
    normal = mp.log(mpmath.det(covariance)) + r.rows * mp.log(2 * mp.pi)
    return {"J": -(square + normal) / 2}


def softmax(z):
    total = sum(map(mp.exp, z))
    return [mp.exp(a) / total for a in z]


@reference
def hmm(y, first, move, emit):
    first, move, emit = softmax(first), [softmax(r) for r in move], [softmax(r) for r in emit]
    weights = [p * b[y[0]] for p, b in zip(first, emit, strict=True)]
    for symbol in y[1:]:
        weights = [
            sum(w * row[j] for w, row in zip(weights, move, strict=True)) * emit[j][symbol]
            for j in range(len(emit))
        ]
    return {"J": mp.log(sum(weights))}


@second_way("hmm")
def hmm_by_paths(y, first, move, emit):
    first, move, emit = softmax(first), [softmax(r) for r in move], [softmax(r) for r in emit]
    total = mpf(0)
    for path in product(range(len(first)), repeat=len(y)):
        probability = first[path[0]] * mp.fprod(emit[s][a] for s, a in zip(path, y, strict=True))
        total += probability * mp.fprod(move[a][b] for a, b in pairwise(path))
    return {"J": mp.log(total)}


@reference
def crf(x, label, W, move):
    def score(path):
        own = sum(dot(W[k], features) for k, features in zip(path, x, strict=True))
        return own + sum((move[a][b] for a, b in pairwise(path)), mpf(0))

    every = product(range(len(W)), repeat=len(x))
    return {"J": mp.log(sum(mp.exp(score(path)) for path in every)) - score(label)}


@reference
def soft_dtw(x, y, gamma):
    """The sum over all alignments: from (0, 0) to the last elements, by right, down, both."""

    def costs(i, j):
        here = (x[i] - y[j]) ** 2
        if (i, j) == (0, 0):
            yield here
        for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)):
            if a >= 0 and b >= 0:
                yield from (here + before for before in costs(a, b))

    total = sum(mp.exp(-cost / gamma) for cost in costs(len(x) - 1, len(y) - 1))
    return {"J": -gamma * mp.log(total)}


@reference
def recurrent(x, target, W, U, b, v):
    h = [mpf(0)] * len(b)
    for given in x:
        terms = zip(times(W, h), times(U, given), b, strict=True)
        h = [mp.tanh(sum(each)) for each in terms]
    return {"J": (dot(v, h) - target) ** 2 / 2}


@reference
def planar_flow(x, u, w, b):
    total = mpf(0)
    for z in x:
        volume = mpmath.eye(len(z))
        for towards, across, bias in zip(u, w, b, strict=True):
            t = mp.tanh(dot(across, z) + bias)
            bent = [[p * (1 - t**2) * q for q in across] for p in towards]
            volume = (mpmath.eye(len(z)) + mpmath.matrix(bent)) * volume
            z = [a + p * t for a, p in zip(z, towards, strict=True)]
        density = mp.fprod(mp.npdf(a) for a in z) * abs(mpmath.det(volume))
        total -= mp.log(density)
    return {"J": total / len(x)}
