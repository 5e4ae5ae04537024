dim N = -1, K = M, L = 2.5
input x[M]
J = sum(x)
