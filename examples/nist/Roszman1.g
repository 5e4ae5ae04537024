# Roszman1, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2, b3, b4

model = b1 - b2*x - atan(b3/(x - b4))/pi
r = y - model
