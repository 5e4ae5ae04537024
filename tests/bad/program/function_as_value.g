input x
y = 2*sin + det
J = x
