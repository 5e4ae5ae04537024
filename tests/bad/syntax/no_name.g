2*x
x + 1
sin(x)
x
