x = f(a,
      b
y = 2*x
z = [1, 2
w = y)
