# The accelerations of a double pendulum from its Lagrangian alone.  Lagrange's equations
# d/dt dL/dw = dL/dq, written out, are  (d2L/dw2) a = dL/dq - (d2L/dw dq) w.
# Source: L. D. Landau and E. M. Lifshitz, "Mechanics", sections 2 and 5; as a program:
# M. Cranmer et al., "Lagrangian Neural Networks" (2020), equation 6.

input m1, m2, l1, l2
param q[2], w[2]                       # angles and their velocities
const g = 9.81

kinetic = (m1 + m2)/2 * l1^2*w[0]^2 + m2/2 * l2^2*w[1]^2 + m2*l1*l2*w[0]*w[1]*cos(q[0] - q[1])
potential = -(m1 + m2)*g*l1*cos(q[0]) - m2*g*l2*cos(q[1])
L = kinetic - potential

momentum = grad(L, w)
force = grad(L, q)
a = solve(hessian(L, w), force - jacobian(momentum, q) @ w)
output a
