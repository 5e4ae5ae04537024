# The cost of clustering: each point counts the squared distance to its nearest centroid; and a
# step of Newton's method: the gradient of the cost over the diagonal of its Hessian.  The least
# distance is that to the nearest centroid, so the cost is written with the place of the minimum,
# which is an integer and has no derivative.  A coordinate of a centroid meets no other in a
# product: the Hessian is diagonal, and the derivative of the sum of the gradient, which has the
# sums of the Hessian's columns, is its diagonal.
# Source: L. Bottou and Y. Bengio, "Convergence Properties of the K-Means Algorithms",
# NIPS 1994.

input x[N, D]
param c[K, D]

cost = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2)))

near[n] = argmin[k](sum[d]((x[n, d] - c[k, d])^2))
J = sum[n, d]((x[n, d] - c[near[n], d])^2)
g = grad(J, c)
S = sum(g)
h = grad(S, c)
direction = g / h
output direction
