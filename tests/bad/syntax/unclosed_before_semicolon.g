x = (a + b; y = 2*x
