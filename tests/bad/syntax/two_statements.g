u = b*c v = a + u
x = 3 param w
