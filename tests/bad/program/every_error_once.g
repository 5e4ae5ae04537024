input x
a = unknown + 1
b = a*2
c = b + unknown
J = c
