# Names that are carried and never assigned
input x[N], s
def grow(a) {
    loop k in 3 carry h = a, same = 2 {
        h = h*same
    }
    return h
}
loop t in N carry y = s, w = 1 {
    z = y*2 - w
    c[t] = z
    w = w + z
}
J = sum(grow(x)) + grow(y) + w + sum(c)
