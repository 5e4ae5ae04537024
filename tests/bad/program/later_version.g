input A[N, N], x
a = any(A)
b = argmax(A)
c = grad(x, x)
J = x
