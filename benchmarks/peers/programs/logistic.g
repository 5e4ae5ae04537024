# Logistic regression with a weight penalty, as examples/logistic_regression.g but for the
# intercept.
input X[N, D], y[N]
param w[D]
z = X @ w
J = mean(log1pexp(z) - y*z) + 0.05*dot(w, w)
