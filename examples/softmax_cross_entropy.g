# Cross-entropy of a linear classifier for one example whose class is given
# one-hot: J = -sum_k t_k log softmax(z)_k = logsumexp(z) - t.z, since t sums to 1.
# The classical result dJ/dz = softmax(z) - t appears as dz.
# Source: C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
# equations 4.104 to 4.109.

input x[D], t[K]
param W[K, D], b[K]

z = W @ x + b
J = logsumexp(z) - dot(t, z)
