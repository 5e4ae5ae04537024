# Lanczos1, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2, b3, b4, b5, b6

model = b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)
r = y - model
