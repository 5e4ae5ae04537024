"""References of examples from numerical analysis: linear systems, determinants, stable forms."""

from __future__ import annotations

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
