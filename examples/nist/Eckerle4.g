# Eckerle4, NIST StRD, nonlinear regression, higher level of difficulty
input x[N], y[N]
param b1, b2, b3

model = b1/b2*exp(-0.5*((x - b3)/b2)^2)
r = y - model
