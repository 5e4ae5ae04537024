input X[N, D, K], Y[N, D]
a = X + Y
J = sum(Y)
