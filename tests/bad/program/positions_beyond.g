# Positions of an array that is shorter than what they are declared for
input x[N], s[Q] in N, k in N
h[i] = x[i+1] - x[i]
J = sum[p](h[s[p]])
e = sum[p in 3](h[k])
f = sum[p](h[s[p] + 1])
