# DanWood, NIST StRD, nonlinear regression, lower level of difficulty
input x[N], y[N]
param b1, b2

model = b1*x^b2
r = y - model
