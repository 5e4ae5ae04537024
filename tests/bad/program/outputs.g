input x, k in 3
output J, b, n, x, x, xx
b = x > 0
n = k + 1
