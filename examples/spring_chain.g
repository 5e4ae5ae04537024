# The potential energy of N masses on a line, neighbours joined by springs that stiffen
# when stretched, the first tied to a wall at 0.
# Source: E. Fermi, J. Pasta and S. Ulam, "Studies of Nonlinear Problems", Los Alamos
# report LA-1940 (1955), the quartic ("beta") chain.

input k, beta, L
param x[N]

d = x[1:] - x[:N-1] - L
d0 = x[0] - L
V = k/2 * (sum(d^2) + d0^2) + beta/4 * (sum(d^4) + d0^4)
