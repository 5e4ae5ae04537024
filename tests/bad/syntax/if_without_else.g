y = x if x > 0
z = (x if x > 0) + 1
