y = 1 if a > 0 && b > 0 else 0
z = 1 if a > 0 || !b else 0
u = 1 if !b else 0
