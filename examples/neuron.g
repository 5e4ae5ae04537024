# One rectified linear unit with a squared error.
# Source: V. Nair and G. E. Hinton, "Rectified Linear Units Improve Restricted
# Boltzmann Machines", ICML 2010, for max(0, w.x + b).

input x[N], y
param w[N], b

z = w @ x + b
a = max(0, z)
J = (a - y)^2 / 2
