# MGH10, NIST StRD, nonlinear regression, higher level of difficulty
input x[N], y[N]
param b1, b2, b3

model = b1*exp(b2/(x + b3))
r = y - model
