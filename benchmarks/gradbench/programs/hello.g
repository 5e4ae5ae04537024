# A square, and its derivative.

param x
y = x^2
