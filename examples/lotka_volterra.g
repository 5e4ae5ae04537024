# Prey u and predators v, fitted to observed populations: the squared error of a
# trajectory of the classical Runge-Kutta method, as a function of the four rates and of
# the first populations.
# Source: V. Volterra, "Fluctuations in the Abundance of a Species considered
# Mathematically", Nature 118, 558-560 (1926).

input data[T, 2]                             # populations at times dt, 2 dt, ...
param alpha, beta, gamma, delta, start[2]
const dt = 0.25

def rate(y[2], alpha, beta, gamma, delta) {
    u = y[0]
    v = y[1]
    return [alpha*u - beta*u*v, delta*u*v - gamma*v]
}

loop t in T carry y = start {
    k1 = rate(y, alpha, beta, gamma, delta)
    k2 = rate(y + dt/2*k1, alpha, beta, gamma, delta)
    k3 = rate(y + dt/2*k2, alpha, beta, gamma, delta)
    k4 = rate(y + dt*k3, alpha, beta, gamma, delta)
    y = y + dt/6*(k1 + 2*k2 + 2*k3 + k4)
    path[t] = y
}
J = sum[t, i]((path[t, i] - data[t, i])^2) / T
