input x[-1], y[2**60], z[M*M*M*M*M*M*M*M]
J = 1
