# The saddle point of f(x, y) = |x|^2 - |y|^2: the minimum over x of the maximum over y.
# Both are found by gradient descent, the inner one within each evaluation of the outer:
# the outer gradient is that of a function which follows a gradient itself.
# Source: B. A. Pearlmutter and J. M. Siskind, "Using Programming Language Theory to Make
# Automatic Differentiation Sound and Efficient", AD 2008, section 4.

param start[2]
const rate = 0.1, tolerance = 1e-5

def f(x[2], y[2]) = dot(x, x) - dot(y, y)

# The y with the largest f(x, y)
def highest(x[2], start[2]) {
    loop i in 200 carry y = start, size = 1 while size > tolerance {
        value = f(x, y)
        g = grad(value, y)
        y = y + rate*g
        size = norm(g)
    }
    return y
}

loop k in 200 carry x = start, size = 1 while size > tolerance {
    ridge = f(x, highest(x, start))
    g = grad(ridge, x)
    x = x - rate*g
    size = norm(g)
}
y = highest(x, start)
output x, y
