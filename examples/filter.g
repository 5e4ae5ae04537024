# Deconvolution in one dimension: a signal x is sought whose blurred version agrees with y
# and whose second differences are small.
# Source: D. L. Phillips, "A Technique for the Numerical Solution of Certain Integral
# Equations of the First Kind", Journal of the ACM 9, 84-97 (1962).

input kernel[K], y[N - K + 1], lambda
param x[N]

blurred[i] = sum[k](kernel[k] * x[i + K - 1 - k])
bend[i] = x[i] - 2*x[i + 1] + x[i + 2]
J = sum[i]((blurred[i] - y[i])^2) + lambda*sum[i](bend[i]^2)
