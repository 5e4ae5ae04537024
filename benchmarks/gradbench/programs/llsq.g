# Least squares: a polynomial with coefficients x is fitted to the sign of t at N places.
# The polynomial is evaluated by Horner's rule, for all places at once.
# Source: GradBench, evaluation `llsq`, after cmpad's `llsq_obj`.

dim N = 16
param x[M]

t[i in N] = -1 + 2*i/(N - 1)
loop j in M-1:-1:-1 carry p = zeros(N) {
    p = p*t + x[j]
}
J = sum((sign(t) - p)^2) / 2
