# y_0' = x_0 and y_i' = x_i y_{i-1} from y(0) = 0, integrated to time 2 by S steps of the
# classical Runge-Kutta method.
# Source: GradBench, evaluation `ode`, after cmpad's `an_ode`; the method: W. Kutta,
# Zeitschrift fuer Mathematik und Physik 46 (1901).

dim S = 10
param x[N]

def f(x[N], y[N]) {
    z[i in N] = x[i]*y[i - 1] if i > 0 else x[0]
    return z
}

h = 2/S
loop s in S carry y = zeros(N) {
    k1 = f(x, y)
    k2 = f(x, y + h/2*k1)
    k3 = f(x, y + h/2*k2)
    k4 = f(x, y + h*k3)
    y = y + h/6*(k1 + 2*k2 + 2*k3 + k4)
}
J = y[N - 1]
