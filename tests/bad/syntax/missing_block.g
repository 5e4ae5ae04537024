loop t in T:
    y[t] = 2*x[t]
loop t in 0:T carry h = 0
    h = h + t
    g = 2 h
def f(x):
    y = 2*x
    return y
loop t in T; y = 3
J = 2*)
