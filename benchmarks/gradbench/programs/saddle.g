# The saddle point of f(x, y) = |x|^2 - |y|^2: the minimum over x of the maximum over y, both by
# gradient descent whose steps double after ten that succeed and halve after one that does not.
# The outer descent follows the derivative of a function that follows a derivative itself.
# Source: B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to Make
# Automatic Differentiation Sound and Efficient", AD 2008, section 4; with GradBench's descent.

param start[2]
const tolerance = 1e-5

def f(x[2], y[2]) = dot(x, x) - dot(y, y)

# The y with the largest f(x, y)
def highest(x[2], start[2]) {
    f0 = f(x, start)
    g0 = grad(f0, start, mode=reverse)                     # inner
    loop k in 10000 carry y = start, J = f0, g = g0, rate = 1e-5, good = 0, moving = 1 while moving > 0 and norm(g) > tolerance {
        rate = 2*rate if good == 10 else rate
        good = 0 if good == 10 else good
        z = y + rate*g
        J_z = f(x, z)
        g_z = grad(J_z, z, mode=reverse)                   # inner
        near = norm(z - y) <= tolerance
        better = not near and J_z > J
        y = z if better else y
        J = J_z if better else J
        g = g_z if better else g
        rate = rate if near or better else rate/2
        good = good + 1 if better else 0
        moving = 0 if near else 1
    }
    return y
}

def ridge(x[2], start[2]) = f(x, highest(x, start))

x0 = start + zeros(2)                                      # apart from where y starts
J0 = ridge(x0, start)
g0 = grad(J0, x0, mode=reverse)                            # outer
loop k in 10000 carry x = start, J = J0, g = g0, rate = 1e-5, good = 0, moving = 1 while moving > 0 and norm(g) > tolerance {
    rate = 2*rate if good == 10 else rate
    good = 0 if good == 10 else good
    z = x - rate*g
    J_z = ridge(z, start)
    g_z = grad(J_z, z, mode=reverse)                       # outer
    near = norm(z - x) <= tolerance
    better = not near and J_z < J
    x = z if better else x
    J = J_z if better else J
    g = g_z if better else g
    rate = rate if near or better else rate/2
    good = good + 1 if better else 0
    moving = 0 if near else 1
}
y = highest(x, start)
xy = concat(x, y)
output xy
