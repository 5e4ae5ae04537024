const h = 0.5
input x[N], s
a = x[:N/2]
b = x[:N//2]
c = x[s:]
d = x[h:]
f = zeros(2.5)
g = zeros(-1)
h1 = zeros(N**N)
i = zeros(sin(s))
j = zeros(1e300)
k = polygamma(0.5, s)
l = polygamma(-1, s)
m = zeros(not N)
n = x[0 if N > 1 else 1]
J = s
