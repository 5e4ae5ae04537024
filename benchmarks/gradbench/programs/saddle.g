# The saddle point of f(x, y) = |x|^2 - |y|^2: the minimum over x of the maximum over y, both by
# gradient descent whose steps double after ten that succeed and halve after one that does not.
# The outer descent follows the derivative of a function that follows a derivative itself.
# Source: B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to Make
# Automatic Differentiation Sound and Efficient", AD 2008, section 4; with GradBench's descent.

param start[2]
const tolerance = 1e-5

# Points are written by their coordinates, x = (a, b) and y = (c, d).
def f(a, b, c, d) = (a^2 + b^2) - (c^2 + d^2)

# The y with the largest f(x, y)
def highest(a, b, start[2]) {
    c0 = start[0]
    d0 = start[1]
    f0 = f(a, b, c0, d0)
    p0 = grad(f0, c0, mode=reverse)                        # inner
    q0 = grad(f0, d0, mode=reverse)                        # inner
    loop k in 10000 carry c = c0, d = d0, J = f0, p = p0, q = q0, rate = 1e-5, good = 0, moving = 1 while moving > 0 and sqrt(p^2 + q^2) > tolerance {
        rate = 2*rate if good == 10 else rate
        good = 0 if good == 10 else good
        r = c + rate*p
        s = d + rate*q
        J_z = f(a, b, r, s)
        p_z = grad(J_z, r, mode=reverse)                   # inner
        q_z = grad(J_z, s, mode=reverse)                   # inner
        near = sqrt((r - c)^2 + (s - d)^2) <= tolerance
        better = not near and J_z > J
        c = r if better else c
        d = s if better else d
        J = J_z if better else J
        p = p_z if better else p
        q = q_z if better else q
        rate = rate if near or better else rate/2
        good = good + 1 if better else 0
        moving = 0 if near else 1
    }
    return [c, d]
}

def ridge(a, b, start[2]) {
    y = highest(a, b, start)
    return f(a, b, y[0], y[1])
}

a0 = start[0] + 0                                          # apart from where y starts
b0 = start[1] + 0
J0 = ridge(a0, b0, start)
p0 = grad(J0, a0, mode=reverse)                            # outer
q0 = grad(J0, b0, mode=reverse)                            # outer
loop k in 10000 carry a = a0, b = b0, J = J0, p = p0, q = q0, rate = 1e-5, good = 0, moving = 1 while moving > 0 and sqrt(p^2 + q^2) > tolerance {
    rate = 2*rate if good == 10 else rate
    good = 0 if good == 10 else good
    r = a - rate*p
    s = b - rate*q
    J_z = ridge(r, s, start)
    p_z = grad(J_z, r, mode=reverse)                       # outer
    q_z = grad(J_z, s, mode=reverse)                       # outer
    near = sqrt((r - a)^2 + (s - b)^2) <= tolerance
    better = not near and J_z < J
    a = r if better else a
    b = s if better else b
    J = J_z if better else J
    p = p_z if better else p
    q = q_z if better else q
    rate = rate if near or better else rate/2
    good = good + 1 if better else 0
    moving = 0 if near else 1
}
y = highest(a, b, start)
xy = [a, b, y[0], y[1]]
output xy
