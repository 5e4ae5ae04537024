# Least squares with a penalty on the weights (ridge regression):
# J = |X w - y|^2 + lambda |w|^2.  The gradient is 2 X^T (X w - y) + 2 lambda w.
# Source: A. E. Hoerl and R. W. Kennard, "Ridge Regression: Biased Estimation for
# Nonorthogonal Problems", Technometrics 12, 55-67 (1970).

input X[N, D], y[N], lambda
param w[D]

r = X @ w - y
J = dot(r, r) + lambda * dot(w, w)
