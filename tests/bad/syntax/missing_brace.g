loop t in T carry h = 0
    h = h + t
    y = 2x
}
def f(x)
    y = 2*x
    return y
}
J = 2*)
