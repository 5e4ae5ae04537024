# One step of Newton's method on the extended Rosenbrock function of rosenbrock.g: the
# gradient and the Hessian are quantities of the program, and the step solves with them.
# Source: J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd ed., Springer 2006,
# equation 2.15.

param x[N]

u = x[1:] - x[:N-1]^2
v = 1 - x[:N-1]
J = 100*dot(u, u) + dot(v, v)
H = hessian(J, x)
g = grad(J, x)
x_new = x - solve(H, g)
output x_new
