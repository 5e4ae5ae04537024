input A[N, N], x
a = logdet(A)
b = argmax(A)
c = grad(x, x)
J = x
