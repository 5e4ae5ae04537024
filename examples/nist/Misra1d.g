# Misra1d, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2

model = b1*b2*x*(1 + b2*x)^(-1)
r = y - model
