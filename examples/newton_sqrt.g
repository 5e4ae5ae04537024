# The square root by Newton's method, x <- (x + a/x)/2, until a step changes nothing more.
# The derivative is that of the steps taken, and converges with them to 1/(2 sqrt(a)).
# Source: Heron of Alexandria, "Metrica" I.8; for derivatives of iterations: J. C. Gilbert,
# "Automatic Differentiation and Iterative Processes", Optimization Methods and Software 1
# (1992).

param a

loop k in 50 carry x = a, step = a while abs(step) > 1e-12*x {
    step = (a/x - x)/2
    x = x + step
}
output x
