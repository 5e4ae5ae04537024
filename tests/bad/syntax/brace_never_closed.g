def f(x) {
    y = 2*x
    loop t in 3 {
        z[t] = y
    return y
}
J = f(a)
