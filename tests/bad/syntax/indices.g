z[i+1, j] = x[i]
z[i, i] = x[1:]
s = sum[2](x)
s = sum[i+1 in 3](x[i])
s = x[i in 0:3]
s = A[i][j](x)
s = x[2](a + b)
