y = a if b = 3 else 2
