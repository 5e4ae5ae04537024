# A charged particle is steered to the origin: the charge at (10, 10 - w) is moved until
# the particle of landing.g lands there.  Gradient descent, whose steps double after ten
# that succeed and halve after one that does not, follows the derivative of a function
# that follows the derivative of a potential.
# Source: B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to Make
# Automatic Differentiation Sound and Efficient", AD 2008, section 4.

param w0
const dt = 0.1, tolerance = 1e-5

def potential(x[2], w) = 1/norm(x - [10, 10 - w]) + 1/norm(x - [10, 0])

# The squared distance from the origin to where the particle crosses the x axis.
def landing(w) {
    loop k in 10000 carry x = [0, 8], v = [0.75, 0] while x[1] + dt*v[1] > 0 {
        p = potential(x, w)
        a = -grad(p, x)
        x = x + dt*v
        v = v + dt*a
    }
    landed = x - x[1]/v[1]*v
    return landed[0]^2
}

J0 = landing(w0)
g0 = grad(J0, w0)
loop n in 1000 carry w = w0, J = J0, g = g0, rate = 1e-5, good = 0, moving = 1 while moving > 0 {
    w_new = w - rate*g
    J_new = landing(w_new)
    g_new = grad(J_new, w_new)

    flat = abs(g) <= tolerance
    full = not flat and good == 10                       # time for longer steps
    near = not flat and not full and abs(rate*g) <= tolerance
    better = not flat and not full and not near and J_new < J
    worse = not flat and not full and not near and not better

    w = w_new if better else w
    J = J_new if better else J
    g = g_new if better else g
    rate = 2*rate if full else (rate/2 if worse else rate)
    good = good + 1 if better else (0 if full or worse else good)
    moving = 0 if flat or near else 1
}
output w
