# Vector quantisation: each point is replaced by the nearest entry of a codebook.  The
# choice is an argmax, which has no derivative; the entry that is chosen has one.
# Source: Y. Linde, A. Buzo and R. M. Gray, "An Algorithm for Vector Quantizer Design",
# IEEE Transactions on Communications 28, 84-95 (1980).

input x[N, D]
param code[K, D]

distance[n, k] = sum[d]((x[n, d] - code[k, d])^2)
chosen[n] = argmin[k](distance[n, k])
quantised[n, d] = code[chosen[n], d]
J = mean[n](sum[d]((x[n, d] - quantised[n, d])^2))
