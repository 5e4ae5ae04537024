input alpha, x[N]
u = alhpa*2
v = alhpa + foo
w = sum(x[:M])
J = alpha
