# Where a charged particle lands.  It starts at (0, 8) with speed (0.75, 0) and is repelled
# by charges at (10, 10 - w) and (10, 0); its path is followed by steps of Euler's method
# until it would cross the x axis, and then along a straight line.  The force is minus the
# gradient of the potential, so the derivative of J contains a derivative of a derivative.
# Source: B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to Make
# Automatic Differentiation Sound and Efficient", AD 2008, section 4.

param w
const dt = 0.1

def potential(x[2], w) = 1/norm(x - [10, 10 - w]) + 1/norm(x - [10, 0])

loop k in 10000 carry x = [0, 8], v = [0.75, 0] while x[1] + dt*v[1] > 0 {
    p = potential(x, w)
    a = -grad(p, x)
    x = x + dt*v
    v = v + dt*a
}
landed = x - x[1]/v[1]*v
J = landed[0]^2
