# Names of other languages
input x[N], t
n = len(x)
m = size()
a = t if t > 0 else -inf
b = Inf*t
c = t if t > 0 else nan
J = sum(x)
