# Misra1c, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2

model = b1*(1 - (1 + 2*b2*x)^(-0.5))
r = y - model
