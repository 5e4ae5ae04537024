y = 1 if 0 < x < 2 else 0
