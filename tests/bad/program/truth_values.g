input x, y[N]
a = (x > 0) + 1
b = x and x > 0
c = not x
d = 1 if x else 0
f = exp(x > 0)
g = [x > 0, x]
h = sum(y > 0)
i = x if x > 0 else (x < 0)
j = -(x > 0)
k = (y > 0).T
l = (y > 0) @ y
m = reshape(y > 0, N)
J = x
