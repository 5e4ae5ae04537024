# The negative log marginal likelihood of Gaussian-process regression with the
# squared-exponential kernel: for observations y with noise of variance s^2,
#   K = f^2 exp(-d^2 / (2 l^2)) + s^2 I
#   J = y^T K^-1 y / 2 + log(det K) / 2 + N/2 log(2 pi)
# The parameters are logarithms, so that no step of an optimiser can make them negative.
# Source: C. E. Rasmussen and C. K. I. Williams, "Gaussian Processes for Machine Learning",
# MIT Press 2006, equations 2.30 and 5.1.

input d2[N, N], y[N]          # squared distances between the points, and the observations
param log_f, log_l, log_s

K = exp(2*log_f) * exp(-d2 / (2*exp(2*log_l))) + exp(2*log_s)*eye(N)
alpha = solve(K, y)
J = (y @ alpha)/2 + logdet(K)/2 + N/2*log(2*pi)
