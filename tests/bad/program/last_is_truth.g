input x
J = x*x
b = J > 0
