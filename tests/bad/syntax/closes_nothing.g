y = a + b)
