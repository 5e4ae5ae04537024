y = 1 if a < b == c < d else 0
