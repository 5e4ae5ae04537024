# The distance of two series that may be stretched in time: over all alignments, the soft
# minimum of the sum of squared differences.  R[i, j] is the distance of the first i and j
# elements; a row is computed from the row above it, from left to right.
# Source: M. Cuturi and M. Blondel, "Soft-DTW: a Differentiable Loss Function for
# Time-Series", ICML 2017, algorithm 1.

input y[M], gamma
param x[N]
const infinity = 1e300

def soft_min(a, b, c, gamma) = -gamma*logsumexp(-[a, b, c]/gamma)

border[j in M + 1] = infinity if j > 0 else 0
loop i in N carry above = border {
    loop j in M carry left = infinity {
        left = (x[i] - y[j])^2 + soft_min(left, above[j], above[j + 1], gamma)
        R[j] = left
    }
    above = concat([infinity], R)
}
J = above[M]
