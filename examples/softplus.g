# Poisson regression with the rate log(1 + exp(z)).  The function states its own
# derivative, the logistic function: what follows from its formula would divide infinity by
# infinity where z is large.
# Source: C. Dugas et al., "Incorporating Second-Order Functional Knowledge for Better
# Option Pricing", NIPS 2000, for the function.

input X[N, D], count[N]
param w[D]

def softplus(t) = log1p(exp(t)) with dt = sigmoid(t)

rate = softplus(X @ w)
J = sum(rate - count*log(rate) + lgamma(count + 1))
