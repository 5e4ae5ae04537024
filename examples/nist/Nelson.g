# Nelson, NIST StRD, nonlinear regression, average level of difficulty
input x1[N], x2[N], y[N]
param b1, b2, b3

model = b1 - b2*x1*exp(-b3*x2)
r = log(y) - model
