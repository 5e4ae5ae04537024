# The heat equation u_t = a (u_xx + u_yy) on a plate whose edge is kept at zero, by explicit
# steps of the five-point stencil.  J compares the last temperatures with measured ones:
# du0 and da are what an inversion for the first temperatures and the diffusivity needs.
# Source: J. Crank and P. Nicolson, Proceedings of the Cambridge Philosophical Society 43,
# 50-67 (1947), for the scheme; J. V. Beck, "Inverse Heat Conduction", Wiley 1985.

dim T = 6
input measured[N, M]
param u0[N, M], a
const dt = 0.1

loop t in T carry u = u0 {
    left[i in N, j in M] = u[i, j - 1] if j > 0 else 0
    right[i in N, j in M] = u[i, j + 1] if j < M - 1 else 0
    up[i in N, j in M] = u[i - 1, j] if i > 0 else 0
    down[i in N, j in M] = u[i + 1, j] if i < N - 1 else 0
    u = u + a*dt*(left + right + up + down - 4*u)
}
J = sum((u - measured)^2) / 2
