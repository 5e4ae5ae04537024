# Word vectors: a word predicts its neighbours, with a few random words as counterexamples.
# Source: T. Mikolov et al., "Distributed Representations of Words and Phrases and their
# Compositionality", NIPS 2013, equation 4.

input word[N] in V, neighbour[N] in V, other[N, K] in V
param u[V, D], v[V, D]

hit[n] = dot(u[neighbour[n]], v[word[n]])
miss[n, k] = dot(u[other[n, k]], v[word[n]])
J = sum[n](log1pexp(-hit[n]) + sum[k](log1pexp(miss[n, k])))
