input x, N, y[N]
dim x
u = x
u = 2
const u = 3
J = u
