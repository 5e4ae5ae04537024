# Rat42, NIST StRD, nonlinear regression, higher level of difficulty
input x[N], y[N]
param b1, b2, b3

model = b1/(1 + exp(b2 - b3*x))
r = y - model
