y = a in b
z = and
not x = 3
