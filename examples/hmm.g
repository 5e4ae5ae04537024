# The log-likelihood of a sequence of symbols under a hidden Markov model, by the forward
# algorithm in logarithms: alpha[j] = log P(y_0 ... y_t, state j at t).
# The parameters are scores, of which a softmax makes probabilities.
# Source: L. R. Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in
# Speech Recognition", Proceedings of the IEEE 77, 257-286 (1989), section III.A.

input y[T] in V
param first[S], move[S, S], emit[S, V]

def log_softmax(z) = z - logsumexp(z)

p = log_softmax(first)
A[i] = log_softmax(move[i])
B[i] = log_softmax(emit[i])

start[j] = p[j] + B[j, y[0]]
loop t in 1:T carry alpha = start {
    after[j] = logsumexp[i](alpha[i] + A[i, j]) + B[j, y[t]]
    alpha = after
}
J = logsumexp(alpha)
