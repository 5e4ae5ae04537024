input X[N, D], m[D], y[N], c
a = X - m
b = m * y
d = X * X[0]
e1 = maximum(m, y)
f = m if c > 0 else y
g = where(y > 0, m, m)
h = dot(m, y)
i = stack(m, y)
J = c
