# A linear-chain conditional random field: minus the log-probability of a labelling, its own
# score against the sum over all labellings, which is a recursion over the positions.
# Source: J. Lafferty, A. McCallum and F. Pereira, "Conditional Random Fields: Probabilistic
# Models for Segmenting and Labeling Sequence Data", ICML 2001.

input x[T, D], label[T] in K
param W[K, D], move[K, K]

score[t, k] = sum[d](W[k, d] * x[t, d])
loop t in 1:T carry a = score[0] {
    b[k] = score[t, k] + logsumexp[j](a[j] + move[j, k])
    a = b
}
path = sum[t](score[t, label[t]]) + sum[t in 1:T](move[label[t - 1], label[t]])
J = logsumexp(a) - path
