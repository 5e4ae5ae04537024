# Robust regression: a residual counts quadratically up to delta and linearly beyond.
# Only the branch taken counts for the derivative, element by element.
# Source: P. J. Huber, "Robust Estimation of a Location Parameter", Annals of
# Mathematical Statistics 35, 73-101 (1964).

input X[N, D], y[N], delta
param w[D]

r = X @ w - y
h = r^2/2 if abs(r) <= delta else delta*(abs(r) - delta/2)
J = sum(h)
