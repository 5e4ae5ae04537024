# Bennett5, NIST StRD, nonlinear regression, higher level of difficulty
input x[N], y[N]
param b1, b2, b3

model = b1*(b2 + x)^(-1/b3)
r = y - model
