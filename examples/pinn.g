# A physics-informed network: a network u(x) is trained to satisfy u'' + u = 0, u(0) = 0,
# u'(0) = 1, whose solution is the sine.  The second derivative in x is taken in the
# program, at each of N points.
# Source: M. Raissi, P. Perdikaris and G. E. Karniadakis, "Physics-informed neural
# networks", Journal of Computational Physics 378, 686-707 (2019), section 3.

input x[N]
param a[H], b[H], c[H]

def u(x, a, b, c) = dot(c, tanh(a*x + b))

def slope(x, a, b, c) {
    y = u(x, a, b, c)
    return grad(y, x, mode=forward)           # one input: forward mode
}

def residual(x, a, b, c) {
    dy = slope(x, a, b, c)
    return grad(dy, x, mode=forward) + u(x, a, b, c)
}

r[n] = residual(x[n], a, b, c)
J = mean[n](r[n]^2) + u(0, a, b, c)^2 + (slope(0, a, b, c) - 1)^2
