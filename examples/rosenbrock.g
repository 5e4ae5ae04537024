# The extended Rosenbrock function of N variables, a test problem for optimisers; the
# minimum 0 is at (1, ..., 1).
# Source: H. H. Rosenbrock, "An automatic method for finding the greatest or least value
# of a function", The Computer Journal 3, 175-184 (1960).

param x[N]

u = x[1:] - x[:N-1]^2
v = 1 - x[:N-1]
J = 100*dot(u, u) + dot(v, v)
