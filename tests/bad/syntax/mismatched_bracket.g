y = [a, (b]
