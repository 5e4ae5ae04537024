# Identification of stiffnesses: masses on a line between two walls, joined by N+1 springs,
# are pulled by forces f.  Their displacements u solve K u = f; J compares u with what was
# measured, and dk goes through the solution.
# Source: G. Strang, "Computational Science and Engineering", Wellesley-Cambridge 2007,
# section 2.1, for K = A^T C A.

input f[N], measured[N]
param k[N + 1]

A[e in N + 1, i in N] = 1 if e == i else (-1 if e == i + 1 else 0)    # stretch = A u
K[i, j] = sum[e](A[e, i] * k[e] * A[e, j])
u = solve(K, f)
J = sum[i]((u[i] - measured[i])^2) / 2
