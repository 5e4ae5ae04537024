y = a * * b
z = * b
w = f(,a)
v = []
