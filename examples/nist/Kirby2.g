# Kirby2, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2, b3, b4, b5

model = (b1 + b2*x + b3*x^2)/(1 + b4*x + b5*x^2)
r = y - model
