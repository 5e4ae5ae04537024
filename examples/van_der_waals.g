# The pressure of a van der Waals gas.  dV, the slope of the isotherm, is negative where
# the gas is stable.  SI units; a and b are those of carbon dioxide.
# Source: J. D. van der Waals, doctoral thesis, Leiden 1873; R is the CODATA 2018 value.

input a, b, n
param V, T
const R = 8.31446261815324

P = n*R*T / (V - n*b) - a*n^2/V^2
