# The position of a planet at a time: Kepler's equation M = E - e sin(E) between the mean
# anomaly M, which grows evenly, and the eccentric anomaly E is solved by Newton's method.
# Source: J. Kepler, "Astronomia Nova" (1609), chapter 60.

param M, ecc, a

loop k in 20 carry E = M, error = 1 while abs(error) > 1e-14 {
    error = E - ecc*sin(E) - M
    E = E - error/(1 - ecc*cos(E))
}
x = a*(cos(E) - ecc)
y = a*sqrt(1 - ecc^2)*sin(E)
output x, y
