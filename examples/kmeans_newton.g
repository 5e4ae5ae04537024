# A step of Newton's method for clustering.  A coordinate of a centroid meets no other in a
# product, so the Hessian is diagonal, and its rows sum to the diagonal: the step divides
# the gradient by it.  c - step is what one step of Lloyd's algorithm gives.
# Source: L. Bottou and Y. Bengio, "Convergence Properties of the K-Means Algorithms",
# NIPS 1994.

input x[N, D]
param c[K, D]

J = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2)))
g = grad(J, c)
S = sum(g)
step = g / grad(S, c)
output step
