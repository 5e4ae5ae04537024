2*y = x
(a) = 3
a + b = c
A.T = B
