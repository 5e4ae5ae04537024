# Loops
input x[N], n in N, s
loop t in N carry h = 0 {
    h = h + x
}
loop t in 3 {
    y = s*t
}
loop t in 3 {
    c[t in 2] = s
}
loop t in 3 {
    d[t] = s
    e[t] = d[t]
}
loop t in s carry f = 0 {
    f = f + 1
}
loop t in 3 carry g = 0 while g {
    g = g + 1
}
loop t in 3 carry i = 0 while x > 0 {
    i = i + 1
}
loop t in 3 carry j = 0 checkpoint 0 {
    j = j + 1
}
loop x in 3 carry k = 0 {
    k = k + 1
}
loop t in 3 carry l = missing {
    l = l + 1
}
loop t in 0:N:0 carry m = 0 {
    m = m + 1
}
loop t in 3 carry o = n {
    o = o + s
}
loop t in N carry p = 0 {
    p = p + x[t+1]
}
J = s
loop a in 2 {
    loop b in N {
        B[a, b] = x[b]*a
    }
}
