# The loss of predicting the next element of a sequence with stacked LSTM layers, whose
# weight matrices are diagonal.  Row 2i of `main` holds the weights of layer i for the
# gates f, i, o and the change g, row 2i+1 their biases; row 2i of `state` its first h,
# row 2i+1 its first c.
# Source: S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation
# 9, 1735-1780 (1997); in the form of F. Srajer, Z. Kukelova and A. Fitzgibbon,
# Optimization Methods and Software 33 (2018), section 4.4.

input state[2*L, B], seq[T, B]
param main[2*L, 4*B], extra[3, B]

h0[i in L] = state[2*i]
c0[i in L] = state[2*i + 1]

loop t in T - 1 carry h = h0, c = c0, total = 0 {
    loop i in L carry a = seq[t]*extra[0] {         # a: the output of the layer below
        w = main[2*i]
        b = main[2*i + 1]
        forget = sigmoid(a*w[:B] + b[:B])
        ingate = sigmoid(h[i]*w[B:2*B] + b[B:2*B])
        outgate = sigmoid(a*w[2*B:3*B] + b[2*B:3*B])
        change = tanh(h[i]*w[3*B:] + b[3*B:])
        cell = c[i]*forget + ingate*change
        a = outgate*tanh(cell)
        c_next[i] = cell
        h_next[i] = a
    }
    h = h_next
    c = c_next
    y = a*extra[1] + extra[2]
    total = total + dot(seq[t + 1], y - log(2 + sum(exp(y))))
}
J = -total / (B*(T - 1))
