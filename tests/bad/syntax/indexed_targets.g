z[i][j] = 2
z[] = 2
z[i] == 2
z[i]
z[i] += 2
z[i] + 1 = 2
z[i]*x
z(i) = x
2*z[i] = x[i]
z[1] = 2
z[1:] = 2
z[i in 0:n, 2*j in 3] = 2
z[i for i in n] = 2
