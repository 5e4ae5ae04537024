input A[N, D], x[N], B[K, D], y[D]
a = A @ x
b = A @ B
c = x @ A.T
d = concat(A, B.T)
f = reshape(A, N)
g = x @ y
J = x[0]
