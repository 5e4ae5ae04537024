"""References of the first examples: whole quantities, without indices, functions or loops."""

from __future__ import annotations

from itertools import pairwise

import mpmath
from mpmath import mp, mpf

from references.registry import column, derivatives, dot, reference


@reference
def circuit(a, b, c):
    return {"J": 3 * (a + b * c)}


@reference
def log_sin(x):
    return {"J": mp.log(mp.sin(x**3) ** 2)}


@reference
def polynomial(x):
    return {"J": x * (1 + x)}


@reference
def neuron(x, y, w, b):
    return {"J": (max(mpf(0), dot(w, x) + b) - y) ** 2 / 2}


@reference
def neuron_batch(X, y, w, b):
    errors = [max(mpf(0), dot(w, x) + b) - t for x, t in zip(X, y, strict=True)]
    return {"J": sum(e**2 for e in errors) / (2 * len(y))}


@reference
def logistic_regression(X, y, w, b):
    total = mpf(0)
    for x, t in zip(X, y, strict=True):
        p = 1 / (1 + mp.exp(-(dot(w, x) + b)))
        total -= t * mp.log(p) + (1 - t) * mp.log(1 - p)
    return {"J": total / len(y) + mpf(0.1) / 2 * dot(w, w)}


@reference
def softmax_cross_entropy(x, t, W, b):
    # In the one-hot t the example trusts that its elements sum to 1; so does the formula.
    z = [dot(row, x) + bias for row, bias in zip(W, b, strict=True)]
    return {"J": mp.log(sum(map(mp.exp, z))) - dot(t, z)}


@reference
def two_layer(X, Y, W1, b1, W2, b2):
    total = mpf(0)
    for x, y in zip(X, Y, strict=True):
        hidden = [mp.tanh(dot(x, column(W1, h)) + b1[h]) for h in range(len(b1))]
        for k, target in enumerate(y):
            total += (dot(hidden, column(W2, k)) + b2[k] - target) ** 2
    return {"J": total / (2 * len(X))}


@reference
def ridge(X, y, w, **rest):
    squares = sum((dot(x, w) - t) ** 2 for x, t in zip(X, y, strict=True))
    return {"J": squares + rest["lambda"] * dot(w, w)}


@reference
def log_sum_exp(x, T):
    return {"J": T * mp.log(sum(mp.exp(a / T) for a in x))}


@reference
def morse(D, a, r_e, r):
    return {"V": D * (1 - mp.exp(-a * (r - r_e))) ** 2}


@reference
def lennard_jones(epsilon, sigma, p, q, r):
    def pair(x, y):
        s = sigma**2 / sum((a - b) ** 2 for a, b in zip(x, y, strict=True))
        return 4 * epsilon * (s**6 - s**3)

    return {"E": pair(p, q) + pair(q, r) + pair(r, p)}


@reference
def spring_chain(k, beta, L, x):
    energy = mpf(0)
    for left, right in pairwise([mpf(0), *x]):
        stretch = right - left - L
        energy += k * stretch**2 / 2 + beta * stretch**4 / 4
    return {"V": energy}


@reference
def double_pendulum(m1, m2, l1, l2, theta1, theta2, w1, w2):
    # From the velocities of the two bobs rather than from the closed formula.
    vx1, vy1 = l1 * w1 * mp.cos(theta1), l1 * w1 * mp.sin(theta1)
    vx2, vy2 = vx1 + l2 * w2 * mp.cos(theta2), vy1 + l2 * w2 * mp.sin(theta2)
    y1 = -l1 * mp.cos(theta1)
    y2 = y1 - l2 * mp.cos(theta2)
    kinetic = (m1 * (vx1**2 + vy1**2) + m2 * (vx2**2 + vy2**2)) / 2
    return {"L": kinetic - mpf(9.81) * (m1 * y1 + m2 * y2)}


@reference
def rosenbrock(x):
    return {"J": sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))}


@reference
def black_scholes(S, sigma, r, T, K):
    d1 = (mp.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * mp.sqrt(T))
    d2 = d1 - sigma * mp.sqrt(T)
    return {"C": S * mp.ncdf(d1) - K * mp.exp(-r * T) * mp.ncdf(d2)}


@reference
def gaussian_nll(x, mu, rho):
    sigma = mp.exp(rho)
    return {"J": -sum(mp.log(mp.npdf(a, mu, sigma)) for a in x)}


@reference
def gaussian_process(d2, y, log_f, log_l, log_s):
    f, length, noise = mp.exp(log_f), mp.exp(log_l), mp.exp(log_s)
    n = len(y)
    K = mpmath.matrix(n, n)
    for i in range(n):
        for j in range(n):
            K[i, j] = f**2 * mp.exp(-d2[i][j] / (2 * length**2)) + (noise**2 if i == j else 0)
    alpha = mpmath.lu_solve(K, mpmath.matrix(y))
    return {"J": dot(y, alpha) / 2 + mp.log(mpmath.det(K)) / 2 + mpf(n) / 2 * mp.log(2 * mp.pi)}


@reference
def van_der_waals(a, b, n, V, T):
    volume = V / n  # of one mole
    return {"P": mpf(8.31446261815324) * T / (volume - b) - a / volume**2}


@reference
def huber(X, y, delta, w):
    total = mpf(0)
    for x, t in zip(X, y, strict=True):
        r = abs(dot(x, w) - t)
        total += r**2 / 2 if r <= delta else delta * r - delta**2 / 2
    return {"J": total}


@reference
def entropy(p):
    return {"H": -sum((a * mp.log(a) for a in p if a > 0), mpf(0))}


@reference
def polar(r, phi):
    z = mp.rect(r, phi)
    return {"x": z.real, "y": z.imag}


@derivatives("entropy")
def entropy_derivative(p):
    # At p = 0 the branch taken is constant.
    return {"H": {"p": [-mp.log(a) - 1 if a > 0 else mpf(0) for a in p]}}
