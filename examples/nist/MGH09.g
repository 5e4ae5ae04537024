# MGH09, NIST StRD, nonlinear regression, higher level of difficulty
input x[N], y[N]
param b1, b2, b3, b4

model = b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)
r = y - model
