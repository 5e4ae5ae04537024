input x, y[N]
a = atan2(x)
b = exp(x, x)
c = max()
d = zeros()
e1 = sum(y, y)
f = reshape(y)
J = x
