def f(x) {
    y = 2x
    loop t in 3 carry h = (1 {
        h = h +
        z[t] = h h; w = (h]
        x += 1
    }
    y = (2*x
    return y
}
loop t in 3 { y = a b; z = c d } x = 3
def g(t) = t x = 3
def f(x) { y = f(x,
    z = 3
    w = 4
    return z
}
J = 2*)
