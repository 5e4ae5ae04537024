loop t in T carry h = 0
    h = h + t
    y = 2x
}
def f(x)
    y = 2*x
    return y
}
J = 2*)
def g(x) {
    loop k in 3 a[k] = 2*k }
    loop k in 3 carry h = 0 h = 2*k }
    return a
} with dx = 1
