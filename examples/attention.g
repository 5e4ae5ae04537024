# Multi-head attention: each of the N tokens asks with a query, and gets the values of all
# tokens, weighted by a softmax of how well their keys match.  H heads do so independently.
# Source: A. Vaswani et al., "Attention Is All You Need", NIPS 2017, section 3.2.

input X[N, D], Y[N, D]
param Wq[H, D, E], Wk[H, D, E], Wv[H, D, E], Wo[H, E, D]

q[h, i, e] = sum[d](X[i, d] * Wq[h, d, e])
k[h, j, e] = sum[d](X[j, d] * Wk[h, d, e])
v[h, j, e] = sum[d](X[j, d] * Wv[h, d, e])
score[h, i, j] = sum[e](q[h, i, e] * k[h, j, e]) / sqrt(E)
a[h, i] = softmax(score[h, i])                       # over the keys
head[h, i, e] = sum[j](a[h, i, j] * v[h, j, e])
Z[i, d] = sum[h, e](head[h, i, e] * Wo[h, e, d])
J = sum((Z - Y)^2) / (2*N)
