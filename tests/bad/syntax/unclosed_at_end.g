J = 3*(a + sin(b)
