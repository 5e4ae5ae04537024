# Logistic regression with a weight penalty: the mean negative log-likelihood
# of labels y in {0, 1} under P(y = 1) = 1 / (1 + exp(-z)), in the form
# log(1 + exp(z)) - y z, which does not overflow.
# Source: K. P. Murphy, "Probabilistic Machine Learning: An Introduction",
# MIT Press 2022, section 10.2.

input X[N, D], y[N]
param w[D], b
const lambda = 0.1

z = X @ w + b
nll = mean(log1pexp(z) - y*z)
J = nll + lambda/2 * dot(w, w)
