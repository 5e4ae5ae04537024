y = x else 0
