# ENSO, NIST StRD, nonlinear regression, average level of difficulty
input x[N], y[N]
param b1, b2, b3, b4, b5, b6, b7, b8, b9

year = b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12)
el_nino = b5*cos(2*pi*x/b4) + b6*sin(2*pi*x/b4)
oscillation = b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)
model = b1 + year + el_nino + oscillation
r = y - model
