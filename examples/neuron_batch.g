# The neuron of neuron.g over a batch: the mean squared error of N examples,
# one example to a row of X.

input X[N, D], y[N]
param w[D], b

z = X @ w + b
a = relu(z)
r = a - y
J = dot(r, r) / (2*N)
