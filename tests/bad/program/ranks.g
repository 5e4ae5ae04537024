input x[N], A[N, M], s
a = trace(x)
b = trace(A)
c = x.T
d = s.T
f = s @ x
g = x[0, 1]
h = s[0]
i = sum(s)
j = softmax(A)
k = diag(s)
l = concat(s, x)
m = outer(A, x)
J = s
