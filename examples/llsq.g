# Least squares: a polynomial with coefficients x is fitted to the sign of t on [-1, 1].
# Source: GradBench, evaluation `llsq`, after cmpad's `llsq_obj`.

dim N = 9
param x[M]

t[i in N] = -1 + 2*i/(N - 1)
p[i] = sum[j](x[j] * t[i]^j)
J = sum[i]((sign(t[i]) - p[i])^2) / 2
