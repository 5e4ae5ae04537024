def f(t) {
    input x[N]
    def g(s) = s
    return t
}
loop t in 3 {
    def g(s) = s
    const k = 3
    output y
}
