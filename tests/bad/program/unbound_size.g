dim N
input x
J = x*sum(ones(N))
