# Equations with indices
dim Q = 7
input X[N, D], y[N], z[M], k[P] in Q, s
a[i] = y[i] + z[i]
b[i] = y[i-1]
c[i] = sum[j](y[j])
d[i] = y[k[i]]
e[s] = y[s]
f[i] = sum[i](y[i])
g[i in 1:N] = y[i]
l = sum[i in 0:N:0](y[i])
m[i] = X[i,i,i]
n = sam[i](y[i])
o = argmax[i,j](X[i,j])
p = any[i](y[i])
q[i] = y[s]
r[i] = y[y[i]]
t = sum[i in 0:s](y[i])
u[i] = sum[j in 0:i:2](y[j])
v[i] = X[i] + y
w[i] = 2*y[j]
x[i] = y[i*s]
J = s
