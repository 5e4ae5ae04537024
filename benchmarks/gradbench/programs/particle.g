# A charged particle is steered to the origin: the charge at (10, 10 - w) is moved until the
# particle, which starts at (0, 8) and falls by the force of two charges, lands there.  Gradient
# descent, whose steps double after ten that succeed and halve after one that does not, follows
# the derivative of a function that follows the derivative of a potential.
# Source: B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to Make
# Automatic Differentiation Sound and Efficient", AD 2008, section 4; with GradBench's descent.

param w0
const dt = 0.1, tolerance = 1e-5

# Points are written by their coordinates.
def potential(x, y, w) = 1/sqrt((x - 10)^2 + (y - 10 + w)^2) + 1/sqrt((x - 10)^2 + y^2)

# The squared distance from the origin to where the particle crosses the x axis.
def landing(w) {
    loop k in 10000 carry x = 0, y = 8, u = 0.75, v = 0 while y + dt*v > 0 {
        p = potential(x, y, w)
        p_x = grad(p, x, mode=reverse)                     # inner
        p_y = grad(p, y, mode=reverse)                     # inner
        x = x + dt*u
        y = y + dt*v
        u = u - dt*p_x
        v = v - dt*p_y
    }
    landed = x - y/v*u
    return landed^2
}

J0 = landing(w0)
g0 = grad(J0, w0, mode=reverse)                            # outer
loop k in 1000 carry w = w0, J = J0, g = g0, rate = 1e-5, good = 0, moving = 1 while moving > 0 and abs(g) > tolerance {
    rate = 2*rate if good == 10 else rate
    good = 0 if good == 10 else good
    z = w - rate*g
    J_z = landing(z)
    g_z = grad(J_z, z, mode=reverse)                       # outer
    near = abs(z - w) <= tolerance
    better = not near and J_z < J
    w = z if better else w
    J = J_z if better else J
    g = g_z if better else g
    rate = rate if near or better else rate/2
    good = good + 1 if better else 0
    moving = 0 if near else 1
}
output w
