# BoxBOD, NIST StRD, nonlinear regression, higher level of difficulty
input x[N], y[N]
param b1, b2

model = b1*(1 - exp(-b2*x))
r = y - model
