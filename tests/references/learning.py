"""References of examples from machine learning."""

from __future__ import annotations

from mpmath import mp, mpf

from references.registry import column, dot, reference, times, transposed


def log_sum_exp(x):
    return mp.log(sum(map(mp.exp, x)))


def squares(a, b):
    """The sum of squared differences of two matrices."""
    rows = zip(a, b, strict=True)
    return sum((p - q) ** 2 for row, other in rows for p, q in zip(row, other, strict=True))


@reference
def attention(X, Y, Wq, Wk, Wv, Wo):
    Z = [[mpf(0)] * len(X[0]) for _ in X]
    for q, k, v, o in zip(Wq, Wk, Wv, Wo, strict=True):
        queries, keys, values = times(X, q), times(X, k), times(X, v)
        for i, query in enumerate(queries):
            weights = [mp.exp(dot(query, key) / mp.sqrt(len(key))) for key in keys]
            head = [dot(weights, column(values, e)) / sum(weights) for e in range(len(o))]
            Z[i] = [a + dot(head, column(o, d)) for d, a in enumerate(Z[i])]
    return {"J": squares(Z, Y) / (2 * len(X))}


@reference
def layer_norm(X, Y, gain, bias, W1, W2):
    Z = []
    for x in X:
        mean = sum(x) / len(x)
        deviation = mp.sqrt(sum((a - mean) ** 2 for a in x) / len(x) + mpf(1e-5))
        scaled = [g * (a - mean) / deviation + b for a, g, b in zip(x, gain, bias, strict=True)]
        hidden = [dot(scaled, column(W1, h)) for h in range(len(W2))]
        hidden = [t * mp.ncdf(t) for t in hidden]
        Z.append([a + dot(hidden, column(W2, d)) for d, a in enumerate(x)])
    return {"J": squares(Z, Y) / (2 * len(X))}


@reference
def batch_norm(x, y, gamma, beta, w):
    found = [mpf(0)] * len(y)
    for d, weight in enumerate(w):
        values = column(x, d)
        mean = sum(values) / len(values)
        variance = sum(a**2 for a in values) / len(values) - mean**2
        for n, a in enumerate(values):
            z = gamma[d] * (a - mean) / mp.sqrt(variance + mpf(1e-5)) + beta[d]
            found[n] += weight * mp.tanh(z)
    return {"J": sum((a - b) ** 2 for a, b in zip(found, y, strict=True)) / (2 * len(y))}


@reference
def convolution(image, label, kernel, bias, V):
    rows, columns = len(image[0]) - 2, len(image[0][0]) - 2
    score = [mpf(0)] * len(V)
    for f, filters in enumerate(kernel):
        z = {}
        for i in range(rows):
            for j in range(columns):
                z[i, j] = bias[f]
                for plane, weights in zip(image, filters, strict=True):
                    for a, row in enumerate(weights):
                        z[i, j] += dot(row, plane[i + a][j : j + 3])
        for i in range(rows // 2):
            for j in range(columns // 2):
                block = [z[2 * i + a, 2 * j + b] for a in (0, 1) for b in (0, 1)]
                for k, weights in enumerate(V):
                    score[k] += weights[f][i][j] * max(mpf(0), *block)
    return {"J": log_sum_exp(score) - score[label]}


@reference
def softplus(X, count, w):
    total = mpf(0)
    for x, n in zip(X, count, strict=True):
        rate = mp.log(1 + mp.exp(dot(x, w)))
        total -= mp.log(mp.exp(-rate) * rate**n / mp.gamma(n + 1))
    return {"J": total}


@reference
def matrix_factorization(rating, user, item, mu, p, q, b, c, **rest):
    total = mpf(0)
    for seen, u, i in zip(rating, user, item, strict=True):
        total += (seen - mu - b[u] - c[i] - dot(p[u], q[i])) ** 2
        total += rest["lambda"] * (dot(p[u], p[u]) + dot(q[i], q[i]) + b[u] ** 2 + c[i] ** 2)
    return {"J": total}


@reference
def embedding(word, neighbour, other, u, v):
    def sigmoid(t):
        return 1 / (1 + mp.exp(-t))

    total = mpf(0)
    for own, near, far in zip(word, neighbour, other, strict=True):
        total -= mp.log(sigmoid(dot(u[near], v[own])))
        total -= sum(mp.log(sigmoid(-dot(u[k], v[own]))) for k in far)
    return {"J": total}


@reference
def nearest(x, code):
    # The nearest entry, and so the least distance: a minimum over the entries.
    total = mpf(0)
    for point in x:
        total += min(sum((a - b) ** 2 for a, b in zip(point, k, strict=True)) for k in code)
    return {"J": total / len(x)}


@reference
def message_passing(x, source, target, y, W, U, v):
    total = mpf(0)
    for i, wanted in enumerate(y):
        h = times(U, x[i])
        for k, end in enumerate(target):
            if end == i:
                h = [a + b for a, b in zip(h, times(W, x[source[k]]), strict=True)]
        total += (dot(v, [max(mpf(0), a) for a in h]) - wanted) ** 2
    return {"J": total / len(y)}


@reference
def maml(X, y, X_test, y_test, w, log_rate):
    total = mpf(0)
    for features, wanted, other, target in zip(X, y, X_test, y_test, strict=True):
        p = [mp.tanh(a) for a in times(features, w)]
        error = [(a - b) * (1 - a**2) for a, b in zip(p, wanted, strict=True)]
        slope = times(transposed(features), error)
        moved = [a - mp.exp(log_rate) * b for a, b in zip(w, slope, strict=True)]
        found = [mp.tanh(a) for a in times(other, moved)]
        total += sum((a - b) ** 2 for a, b in zip(found, target, strict=True))
    return {"J": total / (2 * len(y))}


@reference
def pinn(x, a, b, c):
    # With t = tanh(a x + b):  u' = sum c a (1 - t^2),  u'' = -2 sum c a^2 t (1 - t^2).
    def derivative(order, at):
        total = mpf(0)
        for p, q, r in zip(a, b, c, strict=True):
            t = mp.tanh(p * at + q)
            total += r * (t, p * (1 - t**2), -2 * p**2 * t * (1 - t**2))[order]
        return total

    residuals = [derivative(2, at) + derivative(0, at) for at in x]
    return {
        "J": dot(residuals, residuals) / len(x)
        + derivative(0, 0) ** 2
        + (derivative(1, 0) - 1) ** 2
    }
