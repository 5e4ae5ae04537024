# One step of the Levenberg-Marquardt method: an exponential decay is fitted to data, and
# the Jacobian of the residuals stands for their second derivatives.
# Source: K. Levenberg, Quarterly of Applied Mathematics 2, 164-168 (1944); D. W. Marquardt,
# SIAM Journal on Applied Mathematics 11, 431-441 (1963).

input t[N], y[N], damping
param p[3]

r = p[0]*exp(-p[1]*t) + p[2] - y
A = jacobian(r, p)
step = solve(A.T @ A + damping*eye(3), -(A.T @ r))
p_new = p + step
J = sum((p_new[0]*exp(-p_new[1]*t) + p_new[2] - y)^2)
