# A composition for the chain rule: J = ln(sin(x^3)^2), so
# dJ/dx = 6 x^2 cos(x^3) / sin(x^3).

p = x^3
s = sin(p)
q = s^2
J = log(q)
