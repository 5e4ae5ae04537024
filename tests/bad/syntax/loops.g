loop t in T carry h = h0, s = s0 {
    g = sigmoid(W @ h + U @ x[t] + bg)
    h = tanh(s)
}
J = 2*)
