# Gauss1, NIST StRD, nonlinear regression, lower level of difficulty
input x[N], y[N]
param b1, b2, b3, b4, b5, b6, b7, b8

model = b1*exp(-b2*x) + b3*exp(-(x - b4)^2/b5^2) + b6*exp(-(x - b7)^2/b8^2)
r = y - model
