# The electrostatic energy of N charges: one term for each pair.  Minus the gradient of the
# positions is the force on each charge.
# Source: J. D. Jackson, "Classical Electrodynamics", 3rd ed., Wiley 1998, equation 1.48.

input q[N]
param x[N, 3]

E = sum[i, j in 0:i](q[i]*q[j] / norm(x[i] - x[j]))
