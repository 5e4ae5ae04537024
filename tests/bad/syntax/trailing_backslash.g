y = a + \
    b
z = 2
