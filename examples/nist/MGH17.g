# MGH17, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2, b3, b4, b5

model = b1 + b2*exp(-x*b4) + b3*exp(-x*b5)
r = y - model
