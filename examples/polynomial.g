# A quantity that is used twice: its derivative is the sum over both uses.
# J = x + x^2, so dJ/dx = 1 + 2 x.

J = x + x^2
