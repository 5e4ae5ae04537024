y = a, b
