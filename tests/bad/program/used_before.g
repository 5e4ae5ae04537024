v = a + u
u = b*c
