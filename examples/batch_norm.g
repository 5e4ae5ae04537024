# Batch normalisation of a layer: each feature is centred and scaled by its mean and
# variance over the batch, through which derivatives go as well.
# Source: S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network Training
# by Reducing Internal Covariate Shift", ICML 2015, algorithm 1.

input x[N, D], y[N]
param gamma[D], beta[D], w[D]
const epsilon = 1e-5

mu[d] = mean[n](x[n, d])
sigma2[d] = mean[n]((x[n, d] - mu[d])^2)
x_hat[n, d] = (x[n, d] - mu[d]) / sqrt(sigma2[d] + epsilon)
z[n, d] = gamma[d]*x_hat[n, d] + beta[d]
J = sum[n]((sum[d](w[d]*tanh(z[n, d])) - y[n])^2) / (2*N)
