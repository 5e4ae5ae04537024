# A network with one hidden layer of tanh units and a linear output, mean squared
# error over a batch.  outer(ones(N), b) repeats a bias for each example.
# Source: D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations
# by back-propagating errors", Nature 323, 533-536 (1986).

input X[N, D], Y[N, K]
param W1[D, H], b1[H], W2[H, K], b2[K]

A = X @ W1 + outer(ones(N), b1)
Z = tanh(A)
P = Z @ W2 + outer(ones(N), b2)
E = P - Y
J = sum(E^2) / (2*N)
