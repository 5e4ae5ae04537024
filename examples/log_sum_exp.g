# The smooth maximum of a vector at temperature T: T log(sum(exp(x / T))).
# Its gradient is the softmax of x / T.  With elements near 1000 a program that
# computed exp first would overflow.
# Source: S. Boyd and L. Vandenberghe, "Convex Optimization", Cambridge 2004,
# section 3.1.5.

param x[N]
input T

J = T * logsumexp(x / T)
