# Misra1b, NIST StRD, nonlinear regression, lower level of difficulty
input x[N], y[N]
param b1, b2

model = b1*(1 - (1 + b2*x/2)^(-2))
r = y - model
