# Kinetic minus potential energy (the Lagrangian) of a planar double pendulum with
# massless rods.  dw1 and dw2 are the conjugate momenta, dtheta1 and dtheta2 the
# generalised forces.
# Source: L. D. Landau and E. M. Lifshitz, "Mechanics", section 5, problem 1.

input m1, m2, l1, l2
param theta1, theta2, w1, w2
const g = 9.81

T1 = (m1 + m2)/2 * l1^2 * w1^2
T2 = m2/2 * l2^2 * w2^2
T12 = m2 * l1 * l2 * w1 * w2 * cos(theta1 - theta2)
V = -(m1 + m2)*g*l1*cos(theta1) - m2*g*l2*cos(theta2)
L = T1 + T2 + T12 - V
