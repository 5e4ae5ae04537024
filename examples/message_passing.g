# One layer of a graph network: each node gathers, over the edges that end in it, what the
# nodes at their other ends send.
# Source: J. Gilmer et al., "Neural Message Passing for Quantum Chemistry", ICML 2017,
# equations 1 and 2.

input x[N, D], source[E] in N, target[E] in N, y[N]
param W[D, D], U[D, D], v[D]

message[k, d] = sum[c](W[d, c] * x[source[k], c])
gathered[i in N, d in D] = sum[k](message[k, d] if target[k] == i else 0)
h[i, d] = relu(gathered[i, d] + sum[c](U[d, c] * x[i, c]))
J = sum[i]((sum[d](v[d]*h[i, d]) - y[i])^2) / N
