# A square: what a call costs.
param x
J = x^2
