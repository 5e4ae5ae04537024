# The log-posterior of a Gaussian mixture, with a Wishart prior on the precisions.
# Component k has the precision Q_k^T Q_k with a lower triangular Q_k: exp(q_k) on its
# diagonal, and below it l_k column by column.  Q_k (x_n - mu_k) is computed as the
# difference of two products, so that the derivative in mu_k comes from a sum over n.
# Source: F. Srajer, Z. Kukelova and A. Fitzgibbon, "A Benchmark of Selected Algorithmic
# Differentiation Tools on Some Problems in Computer Vision and Machine Learning",
# Optimization Methods and Software 33 (2018), section 4.1; with GradBench's corrections.

input x[N, D]                                            # points
input gamma, m                                           # the parameters of the prior
param alpha[K], mu[K, D], q[K, D], l[K, D*(D - 1)//2]

# Column j of Q_k begins in l_k after the columns of D-1, D-2, ..., D-j elements.
below[k in K, i in D, j in D] = l[k, j*(2*D - j - 1)//2 + i - j - 1] if i > j else 0
Q[k in K, i in D, j in D] = exp(q[k, i]) if i == j else below[k, i, j]
sum_q[k] = sum[i](q[k, i])                               # log |Q_k|

centre[k, i] = sum[j](Q[k, i, j] * mu[k, j])
y[n, k, i] = sum[j](Q[k, i, j] * x[n, j]) - centre[k, i]
b[n, k] = alpha[k] + sum_q[k] - sum[i](y[n, k, i]^2)/2
mixture = sum[n](logsumexp[k](b[n, k])) - N*logsumexp(alpha)

# log Gamma_D(nu/2) of the multivariate gamma function
nu = D + m + 1
log_gamma = D*(D - 1)/4*log(pi) + sum[j in 1:D+1](lgamma(nu/2 + (1 - j)/2))
prior = K*(nu*D*log(gamma/sqrt(2)) - log_gamma) - gamma^2/2*sum(Q^2) + m*sum(q)

F = -N*D/2*log(2*pi) + mixture + prior
