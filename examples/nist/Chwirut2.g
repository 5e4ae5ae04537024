# Chwirut2, NIST StRD, nonlinear regression, lower level of difficulty
input x[N], y[N]
param b1, b2, b3

model = exp(-b1*x)/(b2 + b3*x)
r = y - model
