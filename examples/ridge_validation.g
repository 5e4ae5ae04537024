# The error on held-out data of ridge regression, as a function of its penalties: the
# weights solve the normal equations, and the derivative with respect to the logarithms
# of the penalties goes through the solution.
# Source: Y. Bengio, "Gradient-Based Optimization of Hyperparameters", Neural
# Computation 12, 1889-1900 (2000), section 3.

input X[N, D], y[N]             # training data
input X_val[M, D], y_val[M]     # held-out data
param log_lambda[D]             # a penalty for each weight

A = X.T @ X + diag(exp(log_lambda))
w = solve(A, X.T @ y)
r = X_val @ w - y_val
J = dot(r, r) / (2*M)
